"""The program `zeroloop` from its first moment on: it loads the rest late, since Ctrl-C may come before."""

from bench.signals import quit_at_ctrl_c


def main() -> None:
    """Run a command of `bench.cli`."""
    quit_at_ctrl_c()
    from bench.output import sheltered

    with sheltered():
        from bench.cli import main as commands

        commands(prog_name="zeroloop")


if __name__ == "__main__":
    main()
