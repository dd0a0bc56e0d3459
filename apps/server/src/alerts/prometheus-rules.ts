import { ruleExpression } from './promql.ts';
import type { AlertRule } from './rule.ts';

/** Quoted for YAML as a formatter does: in single quotes where that saves escapes. The rules hold no single quote. */
const quoted = (text: string): string => (text.includes('"') ? `'${text}'` : `"${text}"`);

/** The rules as a file of Prometheus. */
export function prometheusRules(rules: readonly AlertRule[]): string {
  const lines = rules.flatMap((rule) => [
    `      - alert: ${rule.name}`,
    `        expr: ${quoted(ruleExpression(rule))}`,
    `        for: ${rule.forS}s`,
    '        labels:',
    `          severity: ${rule.severity}`,
    '        annotations:',
    `          summary: ${quoted(rule.summary)}`,
    `          description: ${quoted(`It is {{ printf "%.3g" $value }}, and bad ${rule.bad} ${rule.threshold}.`)}`,
    `          runbook: ${quoted(`docs/alerts.md#${rule.name.toLowerCase()}`)}`,
  ]);
  return [
    '# Made from apps/server/src/alerts/rule.ts with the default thresholds; a test compares.',
    'groups:',
    '  - name: ferry',
    '    rules:',
    ...lines,
    '',
  ].join('\n');
}
