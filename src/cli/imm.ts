import type { SourceRule } from '../compile/compile.ts';
import { stylesOf } from '../compile/variants.ts';
import { operationsOf } from '../style/asynchronous.ts';

/** Built-in styles do not tell which kind of task they are. */
const tasks = ['imm:CreateMediaConvertTask', 'imm:CreateOfficeConversionTask'];

/** Lists what the rules need to be allowed in IMM (OSS help, "Permissions"). */
export function immPermissions(rules: readonly SourceRule[]): string[] {
  const styles = rules.flatMap(({ outputs }) => outputs.flatMap(stylesOf));
  const permissions = styles.flatMap((style) =>
    style.startsWith('style/::') ? tasks : operationsOf(style).flatMap(({ permission = [] }) => permission),
  );
  return [...new Set(permissions)].sort();
}

/** Tells whether IMM carries out a style, on behalf of OSS. */
export function isOfImm(style: string): boolean {
  return style.startsWith('style/::') || operationsOf(style).some(({ imm }) => imm === true);
}
