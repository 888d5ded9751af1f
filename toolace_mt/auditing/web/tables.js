
  const ROWS = 25;

  function sortedTable(holder, titles, rows, filter, cut) {
    const body = make("tbody"), heads = make("tr"), more = button("", "Show all", () => { all = true; fill(); });
    let all = false, column = -1, down = true;
    const name = (text) => known(filter) && [...byId(filter).options].some((option) => option.value === text)
      ? button("link", text, () => showOnly(filter, text)) : text;
    const fill = () => {
      body.replaceChildren(...(all ? rows : rows.slice(0, ROWS)).map((row) =>
        make("tr", "", ...row.map((cell, number) => make("td", number ? "num" : "", number ? count(cell) : name(cell))))));
      more.hidden = all || rows.length <= ROWS;
    };
    titles.forEach((title, number) => {
      const cell = make("th", number ? "num" : "", button("", title, () => {
        down = column === number ? !down : number > 0;
        column = number;
        rows.sort((a, b) => (down ? -1 : 1) * (number ? a[number] - b[number] : String(a[0]).localeCompare(b[0])));
        for (const other of heads.children) other.removeAttribute("aria-sort");
        cell.setAttribute("aria-sort", down ? "descending" : "ascending");
        fill();
      }));
      cell.scope = "col";
      heads.append(cell);
    });
    fill();
    holder.append(rows.length ? make("table", "", make("thead", "", heads), body) : make("p", "quiet", "None."), more);
    if (cut) holder.append(make("p", "quiet", `${count(cut)} more are not listed.`));
  }

  showVerdict();
  showLevels();
  showRules();
  listenToViewer();
  fillFilters();
  draw();
  showCharts();
  sortedTable(byId("tool-table"), ["Tool", "Calls", "Failed", "Findings"], data.tools, "by-tool", data.more[0]);
  sortedTable(byId("file-table"), ["File", "Records", "With errors", "Calls", "Findings", "ms a record"],
    data.files.map((row) => [...row.slice(0, 5), 1000 * row[5].seconds / row[1]]), "by-file", data.more[1]);
