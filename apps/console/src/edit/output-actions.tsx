import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Icon } from '../ui/icons.tsx';
import { usePictureUrl } from '../ui/use-picture.ts';
import type { OutputImage, Run } from './editor.ts';
import { outputName } from './output-name.ts';
import type { Editor } from './use-editor.ts';

export interface OutputActionsProps {
  readonly run: Run;
  readonly output: OutputImage;
  readonly editor: Editor;
}

export function OutputActions({ run, output, editor }: OutputActionsProps): JSX.Element {
  const kept = usePictureUrl(output.picture);
  const [shownLink, setShownLink] = useState('');
  const name = outputName(run.inputs[0]?.name ?? '', run.outputs.indexOf(output), output.mimeType);

  const copy = async (url: string): Promise<void> => {
    const link = new URL(url, location.href).href;
    try {
      await navigator.clipboard.writeText(link);
      setShownLink('');
      editor.dispatch({ type: 'notice', notice: 'Link copied.' });
    } catch {
      // Browsers give the clipboard to secure origins only: show the link instead.
      setShownLink(link);
    }
  };

  return (
    <div class="actions">
      <a class="button" href={kept ?? output.url ?? ''} download={name}>
        <Icon name="download" />
        Download
      </a>
      <button class="button" type="button" onClick={() => void editor.useAsInput(output, name)}>
        <Icon name="input" />
        Use as input
      </button>
      {output.url !== null && (
        <button class="button" type="button" onClick={() => void copy(output.url ?? '')}>
          <Icon name="link" />
          Copy link
        </button>
      )}
      {shownLink !== '' && (
        <label class="shown-link">
          <span class="label">This browser does not let the page copy. The link:</span>
          <input
            class="field-input"
            readOnly
            value={shownLink}
            onFocus={(event) => event.currentTarget.select()}
          />
        </label>
      )}
    </div>
  );
}
