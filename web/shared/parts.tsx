// Small parts that both pages are made of.
import type { ComponentChildren } from "preact";
import { useLayoutEffect } from "preact/hooks";
import { urlOfTrace } from "./page-settings.ts";
import type { Trace } from "./tracing.ts";

/** The id of a trace, which leads to it if the gateway knows where. Nothing, as long as it is not known. */
export function TraceId({ of, label }: { of: Trace; label: string }) {
  const id = of.id.value;
  if (id === undefined) return null;
  const shown = <code>{id.slice(0, 8)}…</code>;
  const url = urlOfTrace(id);
  return url === undefined ? (
    <span class="trace" title={id}>
      {label} {shown}
    </span>
  ) : (
    <a class="trace" href={url} target="_blank" rel="noopener" title={id}>
      {label} {shown}
    </a>
  );
}

/** Something that happened. What is bad, screen readers tell at once; the rest, where it stands in something Told. */
export function Notice({ kind, children }: { kind: "good" | "bad" | "open"; children: ComponentChildren }) {
  return (
    <div class={`notice ${kind}`} role={kind === "bad" ? "alert" : undefined}>
      {children}
    </div>
  );
}

/** Where something will stand that screen readers tell when it comes: they must know the place before. */
export function Told({ children }: { children: ComponentChildren }) {
  return (
    <div class="told" aria-live="polite">
      {children}
    </div>
  );
}

const TEXT = { type: "text" } as const;
const PASSWORD = { type: "password" } as const;

type FieldProps = {
  id: string;
  label: ComponentChildren;
  isLabelHidden?: boolean;
  value: string;
  /** Called with what is typed: at once, or when the field is left or Enter is pressed. */
  onInput?: (value: string) => void;
  onChange?: (value: string) => void;
  /** Whether what is typed is hidden. */
  isSecret?: boolean;
  isNumber?: boolean;
  hint?: string;
  /** What is wrong with it. */
  fault?: string | undefined;
};

/** A text field with its label, its hint, and what is wrong with it. */
export function Field(props: FieldProps) {
  const { id, label, isLabelHidden = false, value, onInput, onChange, isSecret, isNumber, hint, fault } = props;
  const described = [hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id} class={isLabelHidden ? "unseen" : undefined}>
        {label}
      </label>
      <input
        id={id}
        {...(isSecret ? PASSWORD : TEXT)}
        value={value}
        onInput={onInput && ((event) => onInput(event.currentTarget.value))}
        onChange={onChange && ((event) => onChange(event.currentTarget.value))}
        inputMode={isNumber ? "numeric" : undefined}
        autocomplete="off"
        spellcheck={false}
        aria-invalid={fault !== undefined}
        aria-describedby={described || undefined}
      />
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {fault && (
        <p class="fault" id={`${id}-fault`} role="alert">
          {fault}
        </p>
      )}
    </div>
  );
}

type ChoiceProps = {
  id: string;
  label: string;
  value: string;
  /** Values and what they are called. */
  options: readonly (readonly [value: string, name: string])[];
  onChange: (value: string) => void;
  /** What is wrong with it. */
  fault?: string | undefined;
};

/** A choice of one of a few. */
export function Choice({ id, label, value, options, onChange, fault }: ChoiceProps) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        aria-invalid={fault !== undefined}
        aria-describedby={fault && `${id}-fault`}
      >
        {options.map(([option, name]) => (
          <option key={option} value={option}>
            {name}
          </option>
        ))}
      </select>
      {fault && (
        <p class="fault" id={`${id}-fault`} role="alert">
          {fault}
        </p>
      )}
    </div>
  );
}

/** What may be wider than the screen and is moved sideways then, with the keyboard as well. */
export function Wide({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: nobody could scroll it with the keyboard otherwise
    <section class="wide" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}

type HeadingProps = {
  id: string;
  /** The name of the page, which stands behind that of the view in the browser's title. */
  page: string;
  children: string;
};

/** What came first has the focus where browsers put it. */
let isFirstView = true;

/** The heading of a view. It takes the focus when another view comes, so that who hears the page knows where they are. */
export function ViewHeading({ id, page, children }: HeadingProps) {
  // With the view, not after it is painted: who sees or reads the view finds its title and the focus there.
  useLayoutEffect(() => {
    document.title = `${children} – ${page}`;
    if (!isFirstView) focusOn(id);
    isFirstView = false;
  }, [id, page, children]);
  return (
    <h1 id={id} tabIndex={-1}>
      {children}
    </h1>
  );
}

/** Moves the focus to an element that can have it, as when what had it goes. */
export function focusOn(id: string): void {
  document.getElementById(id)?.focus({ preventScroll: true });
}
