/** Built-in services of `use-service`, by name. */
export const SERVICES: readonly string[] = ['prometheus-exporter'];
