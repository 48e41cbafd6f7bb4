import { readdirSync } from "node:fs";

import jsxA11y from "eslint-plugin-jsx-a11y";
import tseslint from "typescript-eslint";

const SHARED = ["api", "core", "text", "ui"];

/** Which folders of `src` each folder may import beside its own. Folders of pages are added below. */
const MAY_IMPORT = {
  core: ["api/codes", "api/shapes"],
  api: ["core"],
  text: ["api", "core"],
  ui: ["core", "text"],
  app: SHARED,
  record: SHARED,
  search: [...SHARED, "app"],
};

/**
 * Refuse all imports in `files` but those of the folders in `allowed`, however they are written. Paths that lead
 * upwards (`../`) are refused, too, so that the text of an import says which folder it means.
 */
function wall(files, allowed, { ignores = [], refused = [], packages = [] } = {}) {
  const others = `^@/(?!(?:${allowed.join("|")})(?:/|$))`;
  const regex = [others, "^@/.*\\.\\./", "^\\.\\.", ...refused.map((path) => `^@/${path}$`)].join("|");
  const message = `Only ${allowed.map((each) => `@/${each}`).join(", ")} may be imported here (web/README.md, "Where things go").`;
  const literal = `[value=/${regex.replaceAll("/", "\\/")}/]`;
  return {
    files,
    ignores,
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: [{ regex, message }, ...packages.map((group) => ({ group: [group], message: `No ${group} here.` }))] },
      ],
      // the rule above does not look into import("…"), neither as an expression nor as a type
      "no-restricted-syntax": [
        "error",
        { selector: `:matches(ImportExpression, TSImportType) Literal${literal}`, message },
        { selector: "ImportExpression[source.type!=Literal]", message: "Name the module that is imported." },
      ],
    },
  };
}

/** The same wall twice: tests may use what is in `testing` as well. */
const wallOf = (folder, allowed, options) => [
  wall([`src/${folder}/**`], allowed, options),
  wall([`src/${folder}/**/*.test.{ts,tsx}`], [...allowed, "testing"], options),
];
const pages = readdirSync(new URL("./src/features", import.meta.url)).flatMap((page) =>
  // the router imports every page, so a page that imported it would import all the others
  wallOf(`features/${page}`, [...Object.keys(MAY_IMPORT), `features/${page}`], { refused: ["app/router", "app/shell"] }),
);
const folders = Object.entries(MAY_IMPORT).flatMap(([folder, others]) =>
  wallOf(folder, [folder, ...others], {
    ignores: ["src/app/router.tsx"],
    refused: folder === "search" ? ["app/router", "app/shell"] : [],
    packages: { core: ["react", "@mantine/*"], api: ["@mantine/*"] }[folder] ?? [],
  }),
);

export default tseslint.config(
  { ignores: ["node_modules", "src/api/schema.d.ts", "playwright-report", "test-results"] },
  ...tseslint.configs.strict,
  jsxA11y.flatConfigs.recommended,
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
  ...folders,
  wall(["src/app/router.tsx"], ["app", "features", ...SHARED]),
  ...pages,
);
