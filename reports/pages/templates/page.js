// What a page does beyond being read: choose, filter, sort, compare, copy, download. What was chosen stands in the
// address, after the section: #tables?on=square-float64-2t&over=numpy_zero_loop. Without this script all is shown.
"use strict"
{
  const all = (selector, root = document) => [...root.querySelectorAll(selector)]
  const one = (selector, root = document) => root.querySelector(selector)

  // What the controls say as the page opens; the address holds what differs from it.
  const fields = all("select[name], input[type=radio]")
  const opening = new Map(fields.filter(field => field.type !== "radio" || field.checked).map(field => [field.name, field.value]))
  const allowed = (name, value) => fields.some(field =>
    field.name === name && (field.options ? [...field.options].some(option => option.value === value) : field.value === value))

  let section, asked
  const read = () => {
    const [id, ...query] = location.hash.slice(1).split("?")
    section = id
    return new URLSearchParams(query.join("?"))
  }
  const chosen = name => allowed(name, asked.get(name)) ? asked.get(name) : opening.get(name)
  const hidden = () => new Set(asked.getAll("without"))
  const order = () => [asked.get("by") ?? "", asked.get("order") === "falling"]

  const write = () => {
    const query = asked.toString()
    history.replaceState(null, "", section || query ? `#${section}${query && "?"}${query}` : location.pathname + location.search)
  }
  const choose = (name, value) => {
    if (value === null || value === opening.get(name)) asked.delete(name)
    else asked.set(name, value)
    write()
    show()
  }

  const show = () => {
    const setting = chosen("on") ?? "all", base = chosen("over"), without = hidden()
    for (const part of all("[data-setting], [data-over]")) {
      const {setting: own = setting, over = base} = part.dataset
      part.hidden = (setting !== "all" && own !== setting) || over !== base
    }
    for (const row of all("tr[data-row]")) row.hidden = without.has(row.dataset.row)
    for (const mark of all("svg [data-row]")) mark.classList.toggle("faint", without.has(mark.dataset.row))
    for (const field of fields) {
      if (field.type === "radio") field.checked = field.value === chosen(field.name)
      else field.value = chosen(field.name)
    }
    for (const box of all("input[name=row]")) box.checked = !without.has(box.value)
    for (const table of all("table.sortable")) sort(table, ...order())
    for (const side of all("[data-side]")) compare(side)
  }

  const sort = (table, key, falling) => {
    const body = table.tBodies[0], rows = [...body.rows]
    rows.forEach((row, place) => { row.dataset.place ??= place })
    const value = row => all("[data-key]", row).find(cell => cell.dataset.key === key)?.dataset.value ?? ""
    const compared = (a, b) => {
      const [left, right] = [value(a), value(b)]
      if (left === right) return 0
      if (left === "" || right === "") return left === "" ? 1 : -1 // what has no value comes last, whatever the order
      const difference = Number.isNaN(left - right) ? left.localeCompare(right) : left - right
      return falling ? -difference : difference
    }
    body.append(...rows.sort((a, b) => compared(a, b) || a.dataset.place - b.dataset.place))
    for (const head of all("thead [data-key]", table)) {
      if (head.dataset.key === key) head.setAttribute("aria-sort", falling ? "descending" : "ascending")
      else head.removeAttribute("aria-sort")
    }
  }

  // Two sources side by side: each side shows the row chosen for it.
  const compare = side => {
    const source = all("[data-source]").find(found => found.dataset.source === chosen(side.dataset.side))
    side.replaceChildren(...(source ? all("pre", source).map(code => code.cloneNode(true)) : []))
  }

  const unpacked = async () => {
    const packed = Uint8Array.from(atob(one("#files").textContent), letter => letter.charCodeAt(0))
    return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).json()
  }
  const save = async name => {
    const content = (await unpacked())[name]
    const data = typeof content === "string" ? content : Uint8Array.from(atob(content[0]), letter => letter.charCodeAt(0))
    const link = document.createElement("a")
    link.href = URL.createObjectURL(new Blob([data]))
    link.download = name
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
  }

  const copy = async button => {
    const source = document.getElementById(button.dataset.copy)
    const label = button.dataset.label ??= button.textContent
    try {
      await navigator.clipboard.writeText(source.textContent)
      button.textContent = "Copied"
    } catch { // a page from disk may not be allowed to
      const details = source.closest("details")
      if (details) details.open = true
      getSelection().selectAllChildren(source)
      button.textContent = "Selected: press Ctrl+C"
    }
    setTimeout(() => { button.textContent = label }, 2000)
  }

  // The marks' own titles are for readers without this script; here they appear at once, and for fingers too.
  const tip = one("#tip")
  for (const title of all("svg [data-row] > title")) {
    title.parentNode.dataset.said = title.textContent
    title.remove()
  }
  const point = ({target}) => {
    const mark = target.closest("svg [data-row]")
    tip.hidden = !mark
    if (!mark) return
    tip.textContent = mark.dataset.said
    const {left, top, bottom} = mark.getBoundingClientRect()
    tip.style.left = `${Math.max(8, Math.min(left, innerWidth - tip.offsetWidth - 8))}px`
    tip.style.top = `${bottom + 6 + tip.offsetHeight < innerHeight ? bottom + 6 : top - tip.offsetHeight - 6}px`
  }
  document.addEventListener("pointerover", point)
  addEventListener("scroll", () => { tip.hidden = true }, {passive: true})

  document.addEventListener("change", ({target}) => {
    if (target.name === "row") {
      const without = hidden()
      without[target.checked ? "delete" : "add"](target.value)
      asked.delete("without")
      for (const row of without) asked.append("without", row)
      write()
      show()
    } else if (target.name) choose(target.name, target.value)
  })
  document.addEventListener("click", ({target}) => {
    const button = target.closest("button")
    if (!button) return
    const {copy: source, file, sort: key, reset} = button.dataset
    if (source) copy(button)
    else if (file) save(file)
    else if (key) {
      const [by, falling] = order()
      if (key === by && falling) asked.delete("by")
      else asked.set("by", key)
      if (key === by && !falling) asked.set("order", "falling")
      else asked.delete("order")
      write()
      show()
    } else if (reset !== undefined) {
      asked = new URLSearchParams()
      choose("on", "all")
    }
  })
  addEventListener("hashchange", () => {
    const kept = asked
    asked = read()
    if (!location.hash.includes("?")) asked = kept // a link to a section keeps what was chosen
    else document.getElementById(section)?.scrollIntoView()
    write()
    show()
  })

  // On paper: the sources that are short, and which data were chosen.
  addEventListener("beforeprint", () => {
    for (const source of all("[data-source]")) source.open ||= source.textContent.split("\n").length < 80
    const on = one("select[name=on]"), shown = one("#shown")
    if (!shown) return
    shown.textContent = on.value === "all" ? "" : `Chosen: ${on.selectedOptions[0].text}. Sections over all data show all.`
  })

  for (const head of all("table.sortable thead [data-key]")) {
    const button = document.createElement("button")
    button.type = "button"
    button.dataset.sort = head.dataset.key
    button.append(...head.childNodes)
    head.append(button)
  }
  for (const part of all(".scripted")) part.hidden = false
  asked = read()
  show()
  if (section) document.getElementById(section)?.scrollIntoView()
}
