import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

/** The walls: nobody but `api` speaks HTTP, `core` knows no screen, a page knows no other page. */
const wall = (files, group, message) => ({
  files,
  rules: { "no-restricted-imports": ["error", { patterns: [{ group, message }] }] },
});

export default tseslint.config(
  { ignores: ["node_modules", "src/api/schema.d.ts", "playwright-report", "test-results"] },
  ...tseslint.configs.strict,
  jsxA11y.flatConfigs.recommended,
  reactHooks.configs.flat.recommended,
  {
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "no-console": "error",
      "jsx-a11y/no-autofocus": "off", // a sign-in page and a search in an opened menu may take the focus
    },
  },
  {
    files: ["src/**"],
    ignores: ["src/api/**"],
    rules: { "no-restricted-globals": ["error", { name: "fetch", message: "Ask src/api." }] },
  },
  wall(["src/core/**"], ["react", "@mantine/*", "@/features/*", "@/ui/*"], "core is plain TypeScript."),
  wall(["src/ui/**"], ["@/features/*", "@/api/*"], "ui holds no state of the server's."),
  wall(["src/api/**"], ["@/features/*", "@/ui/*", "@mantine/*"], "api speaks HTTP and shows nothing."),
);
