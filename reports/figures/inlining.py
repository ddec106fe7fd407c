"""How figures enter a page: as parts of it, in its colours and its font, so that they follow its theme."""

import re
from collections.abc import Iterable
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from reports.figures.style import INK, Picture


def inlined(pictures: Iterable[Picture]) -> tuple[dict[str, str], str]:
    """Return the pictures as parts of one page, by name, and the style sheet that they need there.

    Their ids are their own, their colours and font those of the page, and what is drawn alike shares a
    class. A page says the alternative of a picture in an element of the id `NAME-says`.
    """
    classes: dict[str, str] = {}
    found = {picture.name: _inlined(picture, f"g{place}", classes) for place, picture in enumerate(pictures)}
    return found, "".join(f".{name}{{{style}}}" for style, name in classes.items())


def _inlined(picture: Picture, prefix: str, classes: dict[str, str]) -> str:
    root = ElementTree.fromstring(picture.svg)
    described = {"role": "img", "aria-labelledby": f"{picture.name}-says", "viewBox": root.attrib["viewBox"]}
    root.attrib.clear()
    root.attrib.update(described)
    used = set(re.findall(r'(?:href="#|url\(#)([^")]*)', picture.svg))
    ids = {old: f"{prefix}-{place}" for place, old in enumerate(sorted(used))}
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]  # in a page, svg needs no namespace
        if element.tag not in ("text", "title"):
            element.text = None  # indentation
        element.tail = None
        element.attrib.update(_attributes(element.attrib, picture.rows, ids, classes))
    _flatten(root)
    return ElementTree.tostring(root, encoding="unicode")


def _attributes(
    found: dict[str, str], rows: tuple[str, ...], ids: dict[str, str], classes: dict[str, str]
) -> dict[str, str]:
    """Take an element's attributes, and return those that it has in a page."""
    old = {name.rpartition("}")[2]: " ".join(value.split()) for name, value in found.items()}
    found.clear()
    own = old.pop("id", "")
    if own in ids:
        old["id"] = ids[own]
    elif own.startswith("mark-"):
        old["data-row"] = rows[int(own.removeprefix("mark-"))]
    for name in ("href", "clip-path"):
        if name in old:
            old[name] = re.sub("#([^)]*)", lambda link: f"#{ids[link[1]]}", old[name])
    if "style" in old:
        style = re.sub(r" font-family: [^;]*;", "", old.pop("style"))
        for variable, colour in INK.items():
            style = style.replace(colour, f"var({variable})")
        old["class"] = classes.setdefault(style, f"f{len(classes)}")
    if old.get("transform", "").startswith("rotate(-0 "):
        del old["transform"]
    return old


def _flatten(parent: Element) -> None:
    """Put what lies in groups without attributes where the group was; drop what says nothing in a page."""
    children: list[Element] = []
    for child in list(parent):
        _flatten(child)
        if child.tag == "g" and not child.attrib:
            children += child
        elif child.tag not in ("metadata", "style") and (len(child) or child.tag != "defs"):
            children.append(child)
    parent[:] = children
