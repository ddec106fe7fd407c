// What the page does beyond being read: choose, filter, sort, compare, copy, download. All of it is kept in the
// address, after the section: #tables?on=square-float64-2t&over=numpy_zero_loop. Without this script everything
// is shown, one below the other.
"use strict"
{
  const all = (selector, root = document) => [...root.querySelectorAll(selector)]
  const one = (selector, root = document) => root.querySelector(selector)
  const controls = one("#controls")

  // The address holds what differs from the page as it opens.
  const opening = new URLSearchParams(controls ? new FormData(controls) : [])
  const read = () => {
    const [section, query = ""] = decodeURI(location.hash.slice(1)).split("?")
    return [section, new URLSearchParams(query)]
  }
  let [section, asked] = read()

  const chosen = key => asked.get(key) ?? opening.get(key)
  const choose = (key, value) => {
    if (value === opening.get(key) || value === null) asked.delete(key)
    else asked.set(key, value)
    const query = asked.toString()
    history.replaceState(null, "", query || section ? `#${section}${query && "?"}${query}` : location.pathname)
    show()
  }

  const hidden = () => new Set((asked.get("without") ?? "").split(",").filter(Boolean))

  const show = () => {
    const setting = chosen("on"), base = chosen("over"), without = hidden()
    for (const block of all("[data-setting]")) block.hidden = setting !== "all" && block.dataset.setting !== setting
    for (const block of all("[data-over]")) block.hidden = base !== null && block.dataset.over !== base
    for (const mark of all("tr[data-row], details[data-row]")) mark.hidden = without.has(mark.dataset.row)
    for (const mark of all("svg [data-row]")) mark.classList.toggle("faint", without.has(mark.dataset.row))
    for (const field of all("select, input[type=radio]", controls ?? undefined)) restore(field)
    for (const box of all("input[name=row]")) box.checked = !without.has(box.value)
    const [key, direction] = (asked.get("sort") ?? "").split(":")
    for (const table of all("table.sortable")) sort(table, key, direction)
    for (const side of all("[data-side]")) compare(side)
  }

  const restore = field => {
    const value = chosen(field.name)
    if (field.type === "radio") field.checked = field.value === value
    else if (value !== null) field.value = value
  }

  const sort = (table, key, direction) => {
    const body = table.tBodies[0], rows = [...body.rows]
    rows.forEach((row, place) => row.dataset.place ??= place)
    const column = all("thead th", table).findIndex(head => head.dataset.key === key)
    const value = row => row.querySelector(`[data-key="${key}"]`)?.dataset.value ?? ""
    const order = direction === "down" ? -1 : 1
    rows.sort((a, b) => {
      const [left, right] = [value(a), value(b)]
      if (column >= 0 && left !== right) {
        if (left === "" || right === "") return left === "" ? 1 : -1 // what has no value comes last
        const numbers = left - right
        return order * (Number.isNaN(numbers) ? left.localeCompare(right) : numbers)
      }
      return a.dataset.place - b.dataset.place
    })
    body.append(...rows)
    for (const head of all("thead th[data-key]", table)) {
      if (head.dataset.key !== key) head.removeAttribute("aria-sort")
      else head.setAttribute("aria-sort", direction === "down" ? "descending" : "ascending")
    }
  }

  // Two sources side by side: each side shows the row chosen for it.
  const compare = side => {
    const row = chosen(side.dataset.side)
    const source = all("#code details[data-row]").find(found => found.dataset.row === row)
    one("div", side).replaceChildren(...(source ? all("pre", source).map(code => code.cloneNode(true)) : []))
  }

  const file = async name => {
    const packed = Uint8Array.from(atob(files[name]), letter => letter.charCodeAt(0))
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))
    return new Response(stream).blob()
  }
  const files = JSON.parse(one("#files")?.textContent ?? "{}")
  const save = async name => {
    const link = document.createElement("a")
    link.href = URL.createObjectURL(await file(name))
    link.download = name
    link.click()
    URL.revokeObjectURL(link.href)
  }

  const copy = async button => {
    const text = one(button.dataset.copy).textContent
    try {
      await navigator.clipboard.writeText(text)
      button.textContent = "copied"
    } catch {
      getSelection().selectAllChildren(one(button.dataset.copy))
      button.textContent = "selected: press Ctrl+C"
    }
    setTimeout(() => { button.textContent = "copy" }, 2000)
  }

  const tip = one("#tip")
  const point = event => {
    const mark = event.target.closest?.("svg [data-row]")
    tip.hidden = !mark
    if (!mark) return
    tip.textContent = one("title", mark).textContent
    const box = mark.getBoundingClientRect()
    tip.style.left = `${Math.max(8, Math.min(box.left, innerWidth - tip.offsetWidth - 8))}px`
    tip.style.top = `${box.bottom + 6 + tip.offsetHeight < innerHeight ? box.bottom + 6 : box.top - tip.offsetHeight - 6}px`
  }

  for (const script of all(".scripted")) script.hidden = false
  document.addEventListener("change", ({target}) => {
    if (target.name === "row") {
      const without = hidden()
      without[target.checked ? "delete" : "add"](target.value)
      choose("without", [...without].join(",") || null)
    } else if (target.name) choose(target.name, target.value)
  })
  document.addEventListener("click", ({target}) => {
    const button = target.closest("button")
    if (!button) return
    if (button.dataset.copy) copy(button)
    else if (button.dataset.file) save(button.dataset.file)
    else if (button.dataset.sort) {
      const [key, direction] = (asked.get("sort") ?? "").split(":")
      const next = key !== button.dataset.sort ? "up" : direction === "up" ? "down" : null
      choose("sort", next && `${button.dataset.sort}:${next}`)
    } else if (button.id === "reset") {
      asked = new URLSearchParams()
      choose("on", opening.get("on"))
    }
  })
  document.addEventListener("pointerover", point)
  addEventListener("hashchange", () => {
    const kept = asked;
    [section, asked] = read()
    if (!location.hash.includes("?")) asked = kept // a link to a section keeps what is chosen
    show()
    choose("on", chosen("on"))
  })
  show()
  if (section) document.getElementById(section)?.scrollIntoView()
}
