// The centre's list as CSV, to take to another computer: written safe for spreadsheets, read with comma, semicolon or tab.

const COLUMNS = /** @type {const} */ (["exam", "number", "question", "centre", "folder", "patient", "sent"]);
const FORMULA = /^[=+\-@\t\r]/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The text of the file, with a byte order mark, so that spreadsheets read accents. A cell that a spreadsheet would run gets a '.
 * @param {KeptExam[]} rows
 */
export function toCsv(rows) {
  const lines = [COLUMNS, ...rows.map((row) => COLUMNS.map((name) => String(row[name] ?? "")))];
  return `\uFEFF${lines.map((cells) => cells.map(quoted).join(",")).join("\r\n")}\r\n`;
}

const quoted = (/** @type {string} */ cell) => `"${(FORMULA.test(cell) ? `'${cell}` : cell).replaceAll('"', '""')}"`;

/**
 * The rows of such a file; lines without an exam's id are left out. Null where the file has no column `exam`.
 * @param {string} text
 * @returns {KeptExam[] | null}
 */
export function fromCsv(text) {
  const [head, ...lines] = cellsOf(text.replace(/^\uFEFF/, ""));
  const places = COLUMNS.map((name) => head?.map((cell) => cell.trim().toLowerCase()).indexOf(name) ?? -1);
  if (places[0] < 0) return null;
  const rows = lines.map(
    (cells) => /** @type {Record<typeof COLUMNS[number], string>} */ (Object.fromEntries(COLUMNS.map((name, n) => [name, plain(cells[places[n]] ?? "")]))),
  );
  return rows.filter((row) => UUID.test(row.exam)).map((row) => ({ ...row, number: Number(row.number) || null }));
}

const plain = (/** @type {string} */ cell) => (cell.startsWith("'") && FORMULA.test(cell.slice(1)) ? cell.slice(1) : cell);

/**
 * @param {string} text
 * @returns {string[][]}
 */
function cellsOf(text) {
  const head = text.slice(0, text.search(/[\r\n]|$/));
  const separator = [";", "\t", ","].find((sign) => head.includes(sign)) ?? ",";
  const rows = [[""]];
  let inside = false;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at];
    const row = rows[rows.length - 1];
    if (inside && sign === '"' && text[at + 1] === '"') [row[row.length - 1], at] = [`${row[row.length - 1]}"`, at + 1];
    else if (sign === '"') inside = !inside;
    else if (!inside && sign === separator) row.push("");
    else if (!inside && (sign === "\n" || sign === "\r")) rows.push([""]);
    else row[row.length - 1] += sign;
  }
  return rows.filter((row) => row.length > 1 || row[0] !== "");
}
