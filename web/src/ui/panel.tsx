/** Parts of a page that are loaded when they are asked for. One that cannot be had says so, and the page stays. */

import { Button } from "@mantine/core";
import { Component, type ComponentType, createElement, lazy, type ReactNode, useState } from "react";

import { t } from "@/text/en";

import classes from "./panel.module.css";

type Load<Props> = () => Promise<{ default: ComponentType<Props> }>;

/** As `lazy`, within a `Suspense`; `preload` brings the file for later, or does nothing where that fails. */
export function panel<Props extends object>(load: Load<Props>) {
  // what was refused once stays refused, so whoever tries again needs a new one
  const anew = () => lazy(() => load().catch(notLoaded)) as unknown as ComponentType<Props>;
  let part = anew();
  function Panel(props: Props) {
    const [shown, setShown] = useState(() => part);
    return (
      <Boundary
        onFailure={() => { part = anew(); }}
        onRetry={() => { setShown(() => part); }}
        onClose={(props as { onClose?: () => void }).onClose}
      >
        {createElement(shown, props)}
      </Boundary>
    );
  }
  return Object.assign(Panel, { preload: () => load().then(() => undefined, () => undefined) });
}

function notLoaded(): never {
  throw new Error(navigator.onLine ? t.server.unreachable : t.server.offline);
}

interface Props {
  readonly children: ReactNode;
  readonly onFailure: () => void;
  readonly onRetry: () => void;
  readonly onClose: (() => void) | undefined;
}

class Boundary extends Component<Props, { readonly failure: Error | null }> {
  override state = { failure: null };

  static getDerivedStateFromError(failure: unknown) {
    return { failure: failure instanceof Error ? failure : new Error(String(failure)) };
  }

  override componentDidCatch(): void {
    this.props.onFailure();
  }

  override render(): ReactNode {
    const failure: Error | null = this.state.failure;
    const { children, onRetry, onClose } = this.props;
    if (!failure) return children;
    const retry = () => {
      this.setState({ failure: null });
      onRetry();
    };
    return <Missing failure={failure} onRetry={retry} onClose={onClose} />;
  }
}

function Missing({ failure, onRetry, onClose }: { failure: Error; onRetry: () => void; onClose: (() => void) | undefined }) {
  return (
    <div role="alert" className={classes["missing"]} data-over={onClose !== undefined || undefined}>
      <span className={classes["words"]}>{failure.message}</span>
      <Button size="compact-sm" variant="default" onClick={onRetry}>
        {t.common.retry}
      </Button>
      {onClose && (
        <Button size="compact-sm" variant="subtle" color="gray" onClick={onClose}>
          {t.common.close}
        </Button>
      )}
    </div>
  );
}
