/** All commands of the admin socket: help, the parser and docs/admin-socket.md read this. */
import type { Command } from './command.ts';
import { CONNECTION_COMMANDS } from './commands/connection.ts';
import { PROCESS_COMMANDS } from './commands/process.ts';

export const COMMANDS: readonly Command[] = [...CONNECTION_COMMANDS, ...PROCESS_COMMANDS];
