// morph makes one tree look like another and keeps what need not change, so that focus, selection and scroll stay.

function name(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.dataset.row ?? node.id : "";
}

function alike(a, b) {
  return a.nodeType === b.nodeType && a.nodeName === b.nodeName && name(a) === name(b);
}

export function morph(from, to) {
  if (from.nodeType !== Node.ELEMENT_NODE) {
    if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue;
    return;
  }
  if (from.hasAttribute("data-drawn")) return; // A script draws here; it renews this itself.
  for (const { name } of [...from.attributes]) {
    if (!to.hasAttribute(name) && !keeps(from, name)) from.removeAttribute(name);
  }
  for (const { name, value } of to.attributes) {
    if (from.getAttribute(name) !== value && !keeps(from, name)) from.setAttribute(name, value);
  }
  if (from === document.activeElement && from.nodeName === "INPUT") return;
  let at = from.firstChild;
  for (let fresh = to.firstChild; fresh; fresh = fresh.nextSibling) {
    let found = at;
    while (found && !alike(found, fresh)) found = found.nextSibling;
    if (!found) {
      from.insertBefore(document.importNode(fresh, true), at);
      continue;
    }
    // What is looked for further down has moved up: it is taken, not what is in between thrown away.
    if (found !== at) from.insertBefore(found, at);
    else at = at.nextSibling;
    morph(found, fresh);
  }
  while (at) {
    const next = at.nextSibling;
    if (at.nodeType !== Node.ELEMENT_NODE || !at.hasAttribute("data-drawn")) at.remove();
    at = next;
  }
}

// keeps says which attributes belong to the scripts and the person.
function keeps(element, name) {
  return name === "open" || name === "value" || (name === "hidden" && element.matches(".script, .map, .scatter, .cell-key, .dot-key")) ||
    (name === "aria-pressed") || (name === "class" && element.matches(".selected, .ready, .is-drawn, .can-drag"));
}
