/** How the app is cut into files: one for every page, one for annotating, and styles only of the widgets that are there. */

import { readFileSync } from "node:fs";

import type { Plugin, Rolldown } from "vite";

/** Parts of several widgets lie beside the widgets: what stands beside a checkbox is in `utils`. */
const WIDGET = /\/@mantine\/core\/esm\/(?:components|utils)\/.*\/(\w+)\.module\.mjs$/;

/** The style of a widget, by the file that names its classes. */
export function styleOf(file: string): string | undefined {
  const name = WIDGET.exec(file)?.[1];
  return name && `@mantine/core/styles/${name}.layer.css`;
}

/**
 * Brings each widget's style along with the widget, in a layer: a page loads the styles of what it shows, and our own
 * hold over them in whichever order files arrive.
 */
export const widgetStyles: Plugin = {
  name: "widget-styles",
  apply: "build",
  enforce: "pre",
  transform: (code, id) => {
    const style = styleOf(id);
    return style ? { code: `import "${style}";\n${code}`, map: null } : null;
  },
};

/** Packages whose one entry leads to everything they have, so that nobody could tell by imports what a page needs. */
const BARRELS = {
  "@mantine/core": "@mantine/core/esm/index.mjs",
  "@mantine/hooks": "@mantine/hooks/esm/index.mjs",
  "@tabler/icons-react": "@tabler/icons-react/dist/esm/tabler-icons-react.mjs",
  "@tanstack/query-core": "@tanstack/query-core/build/modern/index.js",
  "@tanstack/react-query": "@tanstack/react-query/build/modern/index.js",
};
/** What a package hands on of another one. */
const HANDED_ON: Readonly<Record<string, string>> = { "@tanstack/react-query": "@tanstack/query-core" };
const IMPORT = new RegExp(`import \\{([^}]+)\\} from "(${Object.keys(BARRELS).join("|")})";`, "g");
const OURS_OR_THEIRS = /\/src\/.*\.tsx?$|\/@mantine\/core\/esm\/.*\.mjs$|\/@tanstack\/react-query\/build\/modern\/.*\.js$/;
const LIBRARIES = `${import.meta.dirname}/node_modules/`;

/** Which file of a package has which of its names. */
function filesOf(barrel: string): Map<string, { file: string; name: string }> {
  const found = new Map<string, { file: string; name: string }>();
  const folder = barrel.slice(0, barrel.lastIndexOf("/"));
  for (const [, names = "", file = ""] of readFileSync(LIBRARIES + barrel, "utf8").matchAll(/^(?:import|export) \{ ([^}]+) \} from ['"]\.\/([^'"]+)['"]/gm)) {
    for (const each of names.split(", ")) {
      const [name = "", as = name] = each.split(" as ");
      found.set(as, { file: `${LIBRARIES}${folder}/${file}`, name });
    }
  }
  return found;
}

/** Imports widgets and icons from the files they are in. */
export function directImports(): Plugin {
  const barrels = new Map(Object.entries(BARRELS).map(([name, barrel]) => [name, filesOf(barrel)]));
  return {
    name: "direct-imports",
    apply: "build",
    enforce: "pre",
    transform: (code, id) => {
      if (!OURS_OR_THEIRS.test(id)) return null;
      const direct = code.replace(IMPORT, (_, names: string, from: string) =>
        names.split(",").map((each) => each.trim()).filter((each) => each && !each.startsWith("type ")).map((each) => {
          const found = barrels.get(from)?.get(each) ?? barrels.get(HANDED_ON[from] ?? "")?.get(each);
          return found ? `import { ${found.name} as ${each} } from ${JSON.stringify(found.file)};` : `import { ${each} } from "${from}";`;
        }).join(" "));
      return { code: direct, map: null };
    },
  };
}

/** What lies over or beside records when it is asked for. */
const PANELS = ["help", "side/flag", "side/record-info", "side/sidebar", "side/my-answer", "side/not-counted", "list/choose-vector", "one/skip", "one/next-work", "empty-states", "tools"];
const START = "/src/main.tsx";

/** What begins a file: all that these import is in it, unless an earlier one has it. */
const FILES: readonly (readonly [string, readonly string[]])[] = [
  ["app", [START]],
  ["annotating", ["/src/app/shell.tsx", "/src/features/annotate/dataset-page.tsx"]],
  ["forms", ["/src/features/login/login-page.tsx", "/src/features/my-work/my-work-page.tsx"]],
];
/** What more pages and dialogs than these need is in one file; what few need is in files of their own. */
const FEW = 4;
const SHARED = { ours: "shared", theirs: "widgets", panels: "panels" };

/** Groups modules so that a page takes few requests: the files of the first pages, what pages share, and one file for each page. */
export function codeSplitting(): Rolldown.CodeSplittingOptions {
  const files = new Map<string, string>();
  const path = (id: string) => import.meta.dirname + id;
  const learn = (context: Rolldown.ChunkingContext) => {
    const reached = (roots: readonly string[], lazily: boolean, skip: (id: string) => boolean) => {
      const seen = new Set<string>();
      const open = [...roots];
      for (let id = open.pop(); id !== undefined; id = open.pop()) {
        if (seen.has(id) || skip(id)) continue;
        seen.add(id);
        const info = context.getModuleInfo(id);
        open.push(...(info?.importedIds ?? []), ...(lazily ? (info?.dynamicallyImportedIds ?? []) : []));
      }
      return seen;
    };
    for (const [name, roots] of FILES) for (const id of reached(roots.map(path), false, (each) => files.has(each))) files.set(id, name);
    const panels = new Set(PANELS.map((each) => path(`/src/features/annotate/${each}.tsx`)));
    const everything = reached([path(START)], true, () => false);
    const entries = new Set([...everything].flatMap((id) => context.getModuleInfo(id)?.dynamicallyImportedIds ?? []));
    const users = new Map<string, Set<string>>();
    for (const entry of entries) {
      // the panels come together
      const user = panels.has(entry) ? SHARED.panels : entry;
      for (const id of reached([entry], false, (each) => files.has(each))) users.set(id, (users.get(id) ?? new Set()).add(user));
    }
    for (const [id, by] of users) {
      if (by.size > FEW) files.set(id, id.includes("/node_modules/") ? SHARED.theirs : SHARED.ours);
      else if (by.has(SHARED.panels)) files.set(id, SHARED.panels);
    }
  };
  const names = [...FILES.map(([name]) => name), ...Object.values(SHARED)];
  const groups = names.map((name, at) => ({
    name: (id: string, context: Rolldown.ChunkingContext) => {
      if (!files.size) learn(context);
      return files.get(id) === name ? name : null;
    },
    debugName: name,
    priority: names.length - at,
    includeDependenciesRecursively: at < FILES.length,
  }));
  return { groups };
}
