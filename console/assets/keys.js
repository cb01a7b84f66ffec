// What a keyboard can do: the same list is in the help.

export function keys({ pause }) {
  const help = document.querySelector("dialog.help");
  document.querySelector("[data-help]").addEventListener("click", () => help.showModal());
  let jump = 0;

  const rows = () => [...document.querySelectorAll("tbody tr[data-row]:not(.sentence)")].filter((r) => r.checkVisibility()); // Not in a closed table.
  function move(step) {
    const list = rows();
    if (!list.length) return;
    const at = list.findIndex((r) => r.classList.contains("selected"));
    list[at]?.classList.remove("selected");
    const to = list[Math.min(list.length - 1, Math.max(0, at + step))];
    to.classList.add("selected");
    to.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, select, textarea")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (help.open) return;
    if (jump && Date.now() - jump < 1500) {
      jump = 0;
      const tab = [...document.querySelectorAll(".tabs a")].find((a) => a.dataset.key === event.key);
      if (tab) tab.click();
      return;
    }
    switch (event.key) {
      case "/": {
        const input = document.querySelector(".filter input[type=search]");
        if (!input) return;
        event.preventDefault();
        input.focus();
        input.select();
        break;
      }
      case "j": move(1); break;
      case "k": move(-1); break;
      case "Enter":
        if (!event.target.closest("a, button")) document.querySelector("tr.selected a")?.click();
        break;
      case "g": jump = Date.now(); break;
      case "p": pause(); break;
      case "?": help.showModal(); break;
    }
  });
}
