import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

import { messages } from "./build-messages.ts";
import { patience } from "./e2e/patience.ts";
import { codeSplitting, directImports, widgetStyles } from "./vite.parts.ts";

const server = process.env.APPORTION_API_URL ?? "http://localhost:6900";

/** In development nobody fills in the placeholders that the server fills in. */
const placeholders = {
  name: "placeholders",
  apply: "serve" as const,
  transformIndexHtml: (html: string) => html.replace("__BASE__", "/").replace("__NONCE__", "").replace("__IMAGE_HOSTS__", ""),
};

export default defineConfig({
  base: "./",
  plugins: [directImports(), widgetStyles, messages, react(), placeholders],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: "../src/apportion/server/_web",
    emptyOutDir: true,
    target: ["chrome125", "edge125", "firefox128", "safari18"],
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { output: { codeSplitting: codeSplitting() } },
  },
  server: { proxy: { "/api": server } },
  test: {
    environment: "node",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/testing/setup.ts"],
    isolate: false, // a process for each file takes four fifths of the time; what a file stubs is gone after it
    testTimeout: process.env["VITEST"] ? patience(5_000) : 0,
    hookTimeout: process.env["VITEST"] ? patience(10_000) : 0,
  },
});
