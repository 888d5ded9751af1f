  // All that comes from data is set as text, never as markup.
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const count = (n) => Number(n).toLocaleString("en");
  const make = (tag, className, ...content) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...content.filter((part) => part !== null && part !== undefined));
    return element;
  };
  const button = (className, text, act) => {
    const element = make("button", className, text);
    element.type = "button";
    element.addEventListener("click", act);
    return element;
  };
  const bar = (share, className = "track") => {
    const fill = make("div", "fill"), track = make("div", className, fill);
    fill.style.width = `${Math.max(0, Math.min(100, 100 * share))}%`;
    track.setAttribute("aria-hidden", "true");
    return track;
  };
  const RULE = 0, SEVERITY = 1, FILE = 2, RECORD = 3, DIALOGUE = 4, TURN = 5, CALL = 6, PATH = 7, MESSAGE = 8, TOOL = 9, EXAMPLE = 10;
  const known = (part) => part !== null && part !== undefined;
  const base = (file) => file.split("/").pop();
  const where = (row) => [base(row[FILE]), `record ${row[RECORD]}`, known(row[TURN]) ? `turn ${row[TURN]}` : null, row[PATH]]
    .filter(known).join(" · ");
