for (const button of document.querySelectorAll("button[data-open]")) {
  button.addEventListener("click", () => {
    const scope = button.closest("section") ?? document;
    const wanted = button.dataset.open;
    for (const line of scope.querySelectorAll("details")) {
      line.open = wanted === "all" || (wanted === "hot" && line.dataset.hot === "1");
    }
  });
}
