import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ConsoleInfo } from '../api/wire.ts';
import { Header, type HeaderProps } from '../ui/header.tsx';
import type { Navigation } from '../ui/use-page.ts';
import './edit-page.css';
import { arrivals, type EditorState, runningRun, shownRun } from './editor.ts';
import { EditForm } from './form.tsx';
import { RunReport } from './run-report.tsx';
import { Stage } from './stage.tsx';
import { Strip } from './strip.tsx';
import { type Editor, useEditor } from './use-editor.ts';

export interface EditPageProps {
  readonly info: ConsoleInfo;
  readonly navigation: Navigation;
}

export function EditPage({ info, navigation }: EditPageProps): JSX.Element {
  const editor = useEditor(info);
  const { state } = editor;
  const run = shownRun(state);
  // Behind another page a running edit runs on, but the page is nobody's to type, paste or drop into.
  const active = navigation.page === '/admin/img2img';
  useKeys(editor, active);
  usePaste(editor, active);
  const dropping = useDrop(editor, active);

  return (
    <div class="page" data-dropping={dropping} hidden={!active}>
      <Header info={info} navigation={navigation} state={headerState(state)} />
      <main class="edit">
        <section class="controls" aria-label="What to edit">
          <EditForm editor={editor} info={info} />
        </section>
        <section class="result" aria-label="Result" id="result">
          <Stage state={state} />
          <Strip editor={editor} />
          <RunReport key={run?.id} run={run} editor={editor} />
        </section>
      </main>
    </div>
  );
}

function headerState(state: EditorState): NonNullable<HeaderProps['state']> {
  const { arrived, known } = arrivals(state);
  if (runningRun(state)) return { dot: 'moving', words: 'working' };
  if (known === 0) return { dot: 'idle', words: 'ready' };
  return {
    dot: arrived === known ? 'good' : 'failed',
    words: `${arrived} of ${known} uploads arrived`,
    short: `${arrived} of ${known} arrived`,
  };
}

/** Ctrl+Enter (or Command+Enter) sends from anywhere, Escape cancels. */
function useKeys({ edit, cancel }: Editor, active: boolean): void {
  useEffect(() => {
    if (!active) return undefined;
    const press = (event: KeyboardEvent): void => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        void edit();
      } else if (event.key === 'Escape') cancel();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [edit, cancel, active]);
}

function usePaste({ addFiles }: Editor, active: boolean): void {
  useEffect(() => {
    if (!active) return undefined;
    const paste = (event: ClipboardEvent): void => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length === 0) return;
      event.preventDefault();
      void addFiles(files);
    };
    document.addEventListener('paste', paste);
    return () => document.removeEventListener('paste', paste);
  }, [addFiles, active]);
}

/** The whole page takes files; a thumbnail that names its place (`data-input`) is replaced instead. */
function useDrop({ addFiles }: Editor, active: boolean): boolean {
  const [dropping, setDropping] = useState(false);
  useEffect(() => {
    if (!active) return undefined;
    const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;
    const over = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setDropping(true);
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setDropping(false);
    };
    const drop = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setDropping(false);
      const tile = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-input]') : null;
      const place = tile?.dataset.input;
      void addFiles([...(event.dataTransfer?.files ?? [])], place === undefined ? undefined : Number(place));
    };
    document.addEventListener('dragover', over);
    document.addEventListener('dragleave', leave);
    document.addEventListener('drop', drop);
    return () => {
      document.removeEventListener('dragover', over);
      document.removeEventListener('dragleave', leave);
      document.removeEventListener('drop', drop);
    };
  }, [addFiles, active]);
  return dropping;
}
