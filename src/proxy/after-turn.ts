/** What is done once, when all that happens now is over: sends of many are gathered, and nobody is called back too early. */
export interface AfterTurn {
  turnOver(): void;
}

const waiting: AfterTurn[] = [];

export function afterTurn(one: AfterTurn): void {
  if (waiting.push(one) === 1) process.nextTick(run);
}

function run(): void {
  // others may come meanwhile
  for (let index = 0; index < waiting.length; index++) (waiting[index] as AfterTurn).turnOver();
  waiting.length = 0;
}
