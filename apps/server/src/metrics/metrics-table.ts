/** The tables of docs/metrics.md, made from the catalogue so that they cannot be wrong. */
import { factsOf, METRIC_NAMES, type MetricName } from './catalog.ts';
import { LABELS, type LabelName } from './labels.ts';
import { scrapedName } from './scrape-reader.ts';

/** A Markdown table: the name as Prometheus reads it, kind, unit, labels, meaning. */
export function metricsTable(): string {
  const rows = METRIC_NAMES.map((name) => {
    const { kind, unit, labels, about } = factsOf(name);
    return `| ${names(name)} | ${kind} | ${unit} | ${labels.map(code).join(', ')} | ${about} |`;
  });
  return ['| metric | kind | unit | labels | meaning |', '| --- | --- | --- | --- | --- |', ...rows].join(
    '\n',
  );
}

/** A Markdown table: label, values, meaning. */
export function labelsTable(): string {
  const rows = Object.entries(LABELS).map(([name, facts]) => {
    const values =
      'values' in facts ? facts.values.map((value) => `\`${value}\``).join(' ') : 'from the configuration';
    return `| ${code(name as LabelName)} | ${values} | ${facts.about} |`;
  });
  return ['| label | values | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

/** Prometheus' name, and OpenTelemetry's where that is another one. */
function names(name: MetricName): string {
  const { kind, unit } = factsOf(name);
  const scraped = scrapedName(name, unit, kind === 'counter');
  return scraped === name ? `\`${name}\`` : `\`${scraped}\` (\`${name}\`)`;
}

const code = (name: LabelName): string => `\`${name.replaceAll('.', '_')}\``;
