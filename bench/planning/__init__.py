"""What a run will do, in how much time: presets, the plan, its forecast, and the budget that it keeps."""
