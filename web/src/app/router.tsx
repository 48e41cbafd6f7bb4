/** Addresses and their pages. Addresses of 1.6 stay what they were. */

import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";

import { ApiError, base } from "@/api/client";
import { datasetQuery } from "@/api/datasets";
import { type Me, meQuery, preferencesQuery } from "@/api/session";
import { policiesQuery } from "@/api/work";
import { type Params, parseSearch, stringifySearch } from "@/core/view";

import { Crashed, NotFound } from "./error-pages";
import { queryClient } from "./query-client";
import { fetching } from "./upgrade";

/** Asked of a server only where nobody has signed in. */
const awaitsSetup = async () => (await fetching(() => import("@/api/people"))()).awaitsSetup();

const root = createRootRouteWithContext()({
  component: Outlet,
  notFoundComponent: NotFound,
  errorComponent: Crashed,
});

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: (params: Params) => {
    const target = params["redirect"];
    return { redirect: typeof target === "string" ? target : "" };
  },
  component: lazyRouteComponent(fetching(() => import("@/features/login/login-page")), "LoginPage"),
});

const setup = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  beforeLoad: async () => {
    if (!(await awaitsSetup())) throw redirect({ to: "/" });
  },
  component: lazyRouteComponent(fetching(() => import("@/features/setup/setup-page")), "SetupPage"),
});

const inside = createRoute({
  getParentRoute: () => root,
  id: "inside",
  beforeLoad: async ({ location }) => {
    try {
      await queryClient.ensureQueryData(meQuery);
    } catch (failure) {
      if (failure instanceof ApiError && failure.status === 401) {
        if (await awaitsSetup()) throw redirect({ to: "/setup" });
        throw redirect({ to: "/login", search: { redirect: location.href === "/" ? "" : location.href } });
      }
      throw failure;
    }
  },
  component: lazyRouteComponent(fetching(() => import("./shell")), "Shell"),
});

const home = createRoute({
  getParentRoute: () => inside,
  path: "/",
  beforeLoad: async () => {
    throw redirect({ to: annotatesOnly(await queryClient.ensureQueryData(meQuery)) ? "/my-work" : "/team", search: {} });
  },
});

/** Whoever leads a workspace starts with what the team does, everybody else with their own work. */
function annotatesOnly(me: Me): boolean {
  return me.role !== "admin" && me.memberships.every((each) => each.role === "annotator");
}

const myWork = createRoute({
  getParentRoute: () => inside,
  path: "/my-work",
  component: lazyRouteComponent(fetching(() => import("@/features/my-work/my-work-page")), "MyWorkPage"),
});

const addressesOf1x = fetching(() => import("@/core/links-1x"));
/** Parameters of which an address of 1.x has at least one; `sort` is ours as well. */
const ONLY_IN_1X = ["viewMode", "query", "pagination", "vectorId", "sort"];

const datasets = createRoute({
  getParentRoute: () => inside,
  path: "/datasets",
  validateSearch: (params: Params) => params,
  beforeLoad: async ({ search }) => {
    const found = "tags" in search ? (await addressesOf1x()).readTags1x(search) : null;
    if (found) throw redirect({ to: "/datasets", search: found, replace: true });
  },
  component: lazyRouteComponent(fetching(() => import("@/features/datasets/datasets-page")), "DatasetsPage"),
});

const dataset = createRoute({
  getParentRoute: () => inside,
  path: "/datasets/$workspace/$name",
  validateSearch: (params: Params) => params,
  beforeLoad: async ({ params, search }) => {
    const found = ONLY_IN_1X.some((key) => key in search) ? (await addressesOf1x()).readLink1x(search) : null;
    if (!found) {
      // what the page begins with is on its way while its file is
      const { workspace, name } = params;
      void queryClient.prefetchQuery(datasetQuery(workspace, name));
      void queryClient.prefetchQuery(policiesQuery(workspace, name));
      void queryClient.prefetchQuery(preferencesQuery);
      return;
    }
    const to = found.page === "rules" ? "/datasets/$workspace/$name/rules" : "/datasets/$workspace/$name";
    throw redirect({ to, params, search: found.params, replace: true });
  },
  component: lazyRouteComponent(fetching(() => import("@/features/annotate/dataset-page")), "DatasetPage"),
});

/** `/ws/…` of 1.x and before. */
const legacy = createRoute({
  getParentRoute: () => inside,
  path: "/ws/$",
  validateSearch: (params: Params) => params,
  beforeLoad: ({ params, search }) => {
    const [workspace, name] = (params._splat ?? "").split("/");
    if (workspace && name) throw redirect({ to: "/datasets/$workspace/$name", params: { workspace, name }, search, replace: true });
    throw redirect({ to: "/datasets", search: workspace ? { workspace } : {}, replace: true });
  },
});

const review = createRoute({
  getParentRoute: () => inside,
  path: "/datasets/$workspace/$name/review",
  validateSearch: (params: Params) => params,
  component: lazyRouteComponent(fetching(() => import("@/features/review/review-page")), "ReviewPage"),
});

const agreement = createRoute({
  getParentRoute: () => inside,
  path: "/datasets/$workspace/$name/agreement",
  validateSearch: (params: Params) => params,
  component: lazyRouteComponent(fetching(() => import("@/features/agreement/agreement-page")), "AgreementPage"),
});

const rules = createRoute({
  getParentRoute: () => inside,
  path: "/datasets/$workspace/$name/rules",
  validateSearch: (params: Params) => params,
  component: lazyRouteComponent(fetching(() => import("@/features/rules/rules-page")), "RulesPage"),
});

const userSettings = createRoute({
  getParentRoute: () => inside,
  path: "/user-settings",
  component: lazyRouteComponent(fetching(() => import("@/features/user-settings/user-settings-page")), "UserSettingsPage"),
});

// of those who lead a team

const team = createRoute({
  getParentRoute: () => inside,
  path: "/datasets/$workspace/$name/team",
  validateSearch: (params: Params) => params,
  component: lazyRouteComponent(fetching(() => import("@/features/team/team-page")), "TeamPage"),
});

const overview = createRoute({
  getParentRoute: () => inside,
  path: "/team",
  validateSearch: (params: Params) => params,
  component: lazyRouteComponent(fetching(() => import("@/features/overview/overview-page")), "OverviewPage"),
});

const people = createRoute({
  getParentRoute: () => inside,
  path: "/people",
  validateSearch: (params: Params) => params,
  component: lazyRouteComponent(fetching(() => import("@/features/people/people-page")), "PeoplePage"),
});

const audit = createRoute({
  getParentRoute: () => inside,
  path: "/audit",
  validateSearch: (params: Params) => params,
  component: lazyRouteComponent(fetching(() => import("@/features/audit/audit-page")), "AuditPage"),
});

const webhooks = createRoute({
  getParentRoute: () => inside,
  path: "/webhooks",
  validateSearch: (params: Params) => params,
  component: lazyRouteComponent(fetching(() => import("@/features/webhooks/webhooks-page")), "WebhooksPage"),
});

const newDataset = createRoute({
  getParentRoute: () => inside,
  path: "/datasets/new",
  validateSearch: (params: Params) => params,
  component: lazyRouteComponent(fetching(() => import("@/features/new-dataset/new-dataset-page")), "NewDatasetPage"),
});

const datasetSettings = createRoute({
  getParentRoute: () => inside,
  path: "/datasets/$workspace/$name/settings",
  validateSearch: (params: Params) => params,
  component: lazyRouteComponent(fetching(() => import("@/features/dataset-settings/dataset-settings-page")), "DatasetSettingsPage"),
});

const leading = [team, overview, people, audit, webhooks, newDataset, datasetSettings];

export const router = createRouter({
  routeTree: root.addChildren([
    login,
    setup,
    inside.addChildren([home, myWork, datasets, dataset, legacy, review, agreement, rules, userSettings, ...leading]),
  ]),
  basepath: base,
  parseSearch,
  stringifySearch,
  defaultPreload: "intent",
  defaultErrorComponent: Crashed,
  defaultNotFoundComponent: NotFound,
});

/** Begins to load the files of the first page, while it is still asked who has signed in. */
export function loadFirstPage(): void {
  const pages = router.routesById as unknown as Record<string, { options: { component?: { preload?: () => Promise<unknown> } } }>;
  for (const { routeId } of router.matchRoutes(router.latestLocation) as { routeId: string }[]) {
    void pages[routeId]?.options.component?.preload?.().catch(() => undefined); // the page itself says so
  }
}

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
