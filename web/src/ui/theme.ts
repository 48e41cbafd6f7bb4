/** Colours, sizes and defaults of every widget. */

import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

import { t } from "@/text/en";

const pine: MantineColorsTuple = [
  "#eaf6f4", "#d6ebe7", "#abd7d0", "#7dc2b8", "#57b0a4", "#3fa497", "#2b8a7e", "#1f6f66", "#185a53", "#0f453f",
];
const gray: MantineColorsTuple = [
  "#f8f9f9", "#f1f3f3", "#e6e9e9", "#d8dcdd", "#c3c9ca", "#9aa2a4", "#5c6467", "#4a5154", "#33393b", "#1f2425",
];
const dark: MantineColorsTuple = [
  "#d3d9da", "#b4bcbe", "#98a1a4", "#5f6a6d", "#3d4649", "#323a3c", "#262d2f", "#1c2224", "#161b1c", "#101415",
];

export const theme = createTheme({
  colors: { pine, gray, dark },
  primaryColor: "pine",
  primaryShade: 7,
  fontFamily: "'Inter Variable', system-ui, -apple-system, 'Segoe UI', sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace",
  headings: { fontWeight: "620", sizes: { h1: { fontSize: "1.25rem" }, h2: { fontSize: "1rem" } } },
  defaultRadius: "sm",
  cursorType: "pointer",
  respectReducedMotion: true,
  // by name, so that a page that needs none of them does not load them
  components: {
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray" } },
    Badge: {
      defaultProps: { variant: "light", radius: "sm", tt: "none", fw: 500 },
      vars: () => ({ root: { "--badge-bg": "var(--chip)", "--badge-color": "var(--mantine-color-text)" } }),
    },
    Tooltip: { defaultProps: { openDelay: 400, withArrow: true, events: { hover: true, focus: true, touch: false } } },
    Modal: { defaultProps: { centered: true, transitionProps: { duration: 120 }, closeButtonProps: { "aria-label": t.common.close } }, styles: { title: { fontWeight: 620 } } },
    Switch: { defaultProps: { withThumbIndicator: false } },
    Popover: { defaultProps: { shadow: "md", transitionProps: { duration: 80 } } },
  },
});

/** Values of the widgets' variables where ours are others. All variables are made in the browser, so no style has to be loaded for them. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-body": "var(--mantine-color-gray-0)",
    "--mantine-color-dimmed": "var(--mantine-color-gray-6)",
    "--mantine-color-placeholder": "var(--mantine-color-gray-6)",
  },
  dark: {
    "--mantine-color-anchor": "var(--mantine-color-pine-3)",
    "--mantine-color-body": "var(--mantine-color-dark-8)",
    "--mantine-color-dimmed": "var(--mantine-color-dark-2)",
    "--mantine-color-placeholder": "var(--mantine-color-dark-2)",
  },
});
