/** Start of the app: styles, language, theme, cache, router. */

import "@fontsource-variable/inter/wght.css";
import "@mantine/core/styles/baseline.layer.css";
import "@mantine/core/styles/global.layer.css";
import "./ui/base.css";

import { DirectionProvider, MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { setNonce } from "get-nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { queryClient } from "./app/query-client";
import { loadFirstPage, router } from "./app/router";
import { reloadAfterUpgrade } from "./app/upgrade";
import { startLanguage, writingDirection } from "./text/language";
import { theme, variables } from "./ui/theme";

const nonce = document.querySelector<HTMLMetaElement>("meta[name=style-nonce]")?.content ?? "";
setNonce(nonce); // for the style with which a dialog keeps the page behind it from scrolling

function show(): void {
  const root = document.getElementById("root");
  if (!root) return;
  loadFirstPage(); // not before its texts are in the language that is spoken
  createRoot(root).render(
    <StrictMode>
      <DirectionProvider initialDirection={writingDirection()} detectDirection={false}>
        <MantineProvider theme={theme} cssVariablesResolver={variables} deduplicateCssVariables={false} defaultColorScheme="auto" getStyleNonce={() => nonce}>
          <QueryClientProvider client={queryClient}>
            <RouterProvider router={router} />
          </QueryClientProvider>
        </MantineProvider>
      </DirectionProvider>
    </StrictMode>,
  );
}

reloadAfterUpgrade();
const loading = startLanguage();
if (loading) void loading.then(show);
else show();
