import type { RefObject } from 'preact';
import { toBase64Url } from '../../../../base64url.ts';
import type { Diagnostic } from '../../../../check/diagnostic.ts';
import { t } from '../i18n/translate.ts';
import { Icon } from '../ui/icon.tsx';

interface StyleInputProps {
  text: string;
  diagnostics: readonly Diagnostic[];
  input: RefObject<HTMLTextAreaElement | null>;
  onChange: (text: string) => void;
  onCaret: (caret: number) => void;
}

/**
 * A field for a style. A copy of the text lies exactly under it and carries the underlines, because browsers
 * cannot underline part of a field.
 */
export function StyleInput({ text, diagnostics, input, onChange, onCaret }: StyleInputProps) {
  const takeCaret = () => onCaret(input.current?.selectionStart ?? 0);
  return (
    <div class="style-input">
      <div class="underlay" aria-hidden="true">
        {markText(text, diagnostics)}
      </div>
      <textarea
        ref={input}
        id="style-text"
        rows={1}
        value={text}
        spellcheck={false}
        autocomplete="off"
        autocapitalize="off"
        aria-describedby="style-diagnostics"
        aria-invalid={diagnostics.some(({ severity }) => severity === 'error')}
        onInput={({ currentTarget }) => {
          onChange(encodeTexts(currentTarget.value.replaceAll('\n', '')));
          takeCaret();
        }}
        onKeyUp={takeCaret}
        onClick={takeCaret}
      />
    </div>
  );
}

/** Encodes texts that are written as in a rule, `{b64:…}`, which the checker recommends. */
function encodeTexts(style: string): string {
  return style.replace(/\{b64:([^{}]*)\}/g, (_, text: string) => toBase64Url(text));
}

function markText(text: string, diagnostics: readonly Diagnostic[]) {
  const pieces = [];
  let at = 0;
  for (const { severity, span } of diagnostics) {
    if (span === undefined || span.offset < at) {
      continue;
    }
    const end = Math.max(span.offset + span.length, span.offset + 1);
    pieces.push(text.slice(at, span.offset));
    pieces.push(<mark data-severity={severity}>{text.slice(span.offset, end) || ' '}</mark>);
    at = end;
  }
  return [...pieces, text.slice(at), '\u200b'];
}

interface DiagnosticsProps {
  diagnostics: readonly Diagnostic[];
  onSelect: (diagnostic: Diagnostic) => void;
  onFix: (diagnostic: Diagnostic, replacement: string) => void;
}

/** Lists the checker's findings about the style, each with its suggestion, if any. */
export function StyleDiagnostics({ diagnostics, onSelect, onFix }: DiagnosticsProps) {
  return (
    <ul class="diagnostics" id="style-diagnostics" aria-live="polite">
      {diagnostics.map((diagnostic) => {
        const fix = suggestionOf(diagnostic);
        return (
          <li key={`${diagnostic.span?.offset} ${diagnostic.message}`} data-severity={diagnostic.severity}>
            <button type="button" class="link" onClick={() => onSelect(diagnostic)}>
              <Icon name={diagnostic.severity === 'note' ? 'info' : 'warning'} /> {diagnostic.message}
              {diagnostic.hint !== undefined && ` (${diagnostic.hint})`}
            </button>
            {fix !== undefined && (
              <button type="button" class="small" onClick={() => onFix(diagnostic, fix)}>
                {t('try.fix', { fix })}
              </button>
            )}
          </li>
        );
      })}
    </ul>
  );
}

/** The word that the checker suggests: `did you mean "resize"?`. */
function suggestionOf({ message, hint = '' }: Diagnostic): string | undefined {
  return /did you mean "([^"]+)"/.exec(`${hint} ${message}`)?.[1];
}
