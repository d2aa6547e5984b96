/** Words of the text format that Prometheus reads (0.0.4). */
import type { Family } from './families.ts';

/** Label values may hold anything, escaped. */
export function label(name: string, value: string): string {
  const escaped = value.replace(/[\\"\n]/g, character => (character === '\n' ? '\\n' : `\\${character}`));
  return `${name}="${escaped}"`;
}

export function header({ name, help, type }: Pick<Family, 'name' | 'help' | 'type'>): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}
