/** What `show stat` tells (management manual, section 9.1): by `<proxy>/<service>`, the cells by the name of their column. */
export type StatRow = Readonly<Record<string, string>>;

export function statRows(answer: string): ReadonlyMap<string, StatRow> {
  const [head = '', ...lines] = answer.trim().split('\n');
  const names = head.replace(/^# /, '').split(',');
  return new Map(
    lines.map(line => {
      const cells = line.split(',');
      const row = Object.fromEntries(names.map((name, index) => [name, cells[index] ?? '']));
      return [`${row['pxname']}/${row['svname']}`, row];
    }),
  );
}
