// Buttons that copy a sentence. Rows come and go, so one listener is for all.

export function copies() {
  const reveal = () => { for (const b of document.querySelectorAll("[data-copy]")) b.hidden = false; };
  reveal();
  document.addEventListener("renewed", reveal);
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText("copyLink" in button.dataset ? location.href : button.dataset.copy);
    const label = button.textContent;
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = label; }, 1500);
  });
}
