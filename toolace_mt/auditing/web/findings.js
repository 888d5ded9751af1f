
  const PAGE = 100;
  const FILTERS = { "by-rule": RULE, "by-severity": SEVERITY, "by-tool": TOOL, "by-file": FILE };
  const haystacks = [];
  let matching = data.findings, drawn = 0;

  const haystack = (row, number) => haystacks[number] ??=
    [row[RULE], data.rules[row[RULE]]?.name, row[MESSAGE], row[DIALOGUE], row[TOOL], where(row), row[FILE]].join(" ").toLowerCase();

  function refresh() {
    const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = Object.entries(FILTERS).map(([id, column]) => [column, byId(id).value]).filter(([, value]) => value);
    matching = data.findings.filter((row, number) => wanted.every(([column, value]) => row[column] === value)
      && words.every((word) => haystack(row, number).includes(word)));
    byId("rows").tBodies[0].replaceChildren();
    drawn = 0;
    draw();
  }

  function draw() {
    const rows = matching.slice(drawn, drawn + PAGE).map((row) => {
      const words = known(row[EXAMPLE]) ? button("link", row[MESSAGE], () => openDialogue(row)) : row[MESSAGE];
      const place = make("td", "where", where(row));
      place.title = `${row[FILE]} · ${row[DIALOGUE] ?? ""}`;
      return make("tr", "", make("td", "", make("span", `code ${row[SEVERITY]}`, row[RULE]),
        make("span", "name", data.rules[row[RULE]]?.name ?? "")), make("td", "", words), place);
    });
    byId("rows").tBodies[0].append(...rows);
    drawn += rows.length;
    const left = data.total - data.findings.length;
    byId("shown").textContent = `${count(drawn)} of ${count(matching.length)} shown`
      + (left > 0 ? `; ${count(left)} more are in findings.jsonl only` : "");
    byId("more").hidden = drawn >= matching.length;
    byId("rows").hidden = !matching.length;
  }

  function showOnly(id, value) {
    byId("filter").reset();
    byId(id).value = value;
    refresh();
    byId("findings").scrollIntoView();
    byId(id).focus({ preventScroll: true });
  }

  function fillFilters() {
    const cut = (text) => text.length > 60 ? `…${text.slice(-58)}` : text;
    const offer = (id, values, words = cut) => byId(id).append(...values.map((value) => new Option(words(value), value)));
    const distinct = (column) => [...new Set(data.findings.map((row) => row[column]).filter(known))].sort().slice(0, 1000);
    offer("by-rule", Object.keys(data.rules), (code) => `${code} ${data.rules[code].name}`);
    offer("by-tool", distinct(TOOL));
    offer("by-file", distinct(FILE));
    let waiting = 0;
    byId("search").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(refresh, 120); });
    for (const id of Object.keys(FILTERS)) byId(id).addEventListener("change", refresh);
    byId("filter").addEventListener("submit", (event) => { event.preventDefault(); refresh(); });
    byId("filter").addEventListener("reset", () => setTimeout(refresh));
    byId("more").addEventListener("click", draw);
  }
