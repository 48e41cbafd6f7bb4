/** Which address leads to which page. Addresses of 1.6 stay what they were. */

import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";

import { ApiError, base } from "@/api/client";
import { meQuery } from "@/api/session";
import { type Params, parseSearch, stringifySearch } from "@/core/view";
import { Crashed, NotFound } from "@/features/shell/dead-ends";

import { queryClient } from "./features/session/query-client";

const root = createRootRouteWithContext()({
  component: Outlet,
  notFoundComponent: NotFound,
  errorComponent: Crashed,
});

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: (params: Params) => {
    const wanted = params["redirect"];
    return { redirect: typeof wanted === "string" ? wanted : "" };
  },
  component: lazyRouteComponent(() => import("@/features/session/login-page"), "LoginPage"),
});

const inside = createRoute({
  getParentRoute: () => root,
  id: "inside",
  beforeLoad: async ({ location }) => {
    try {
      await queryClient.ensureQueryData(meQuery);
    } catch (failure) {
      if (failure instanceof ApiError && failure.status === 401) {
        throw redirect({ to: "/login", search: { redirect: location.href === "/" ? "" : location.href } });
      }
      throw failure;
    }
  },
  component: lazyRouteComponent(() => import("@/features/shell/shell"), "Shell"),
});

const home = createRoute({
  getParentRoute: () => inside,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/datasets" });
  },
});

const datasets = createRoute({
  getParentRoute: () => inside,
  path: "/datasets",
  validateSearch: (params: Params) => params,
  component: lazyRouteComponent(() => import("@/features/datasets/datasets-page"), "DatasetsPage"),
});

const dataset = createRoute({
  getParentRoute: () => inside,
  path: "/datasets/$workspace/$name",
  validateSearch: (params: Params) => params,
  component: lazyRouteComponent(() => import("@/features/annotate/dataset-page"), "DatasetPage"),
});

const userSettings = createRoute({
  getParentRoute: () => inside,
  path: "/user-settings",
  component: lazyRouteComponent(() => import("@/features/user-settings/user-settings-page"), "UserSettingsPage"),
});

// of those who lead a team

const team = createRoute({
  getParentRoute: () => inside,
  path: "/datasets/$workspace/$name/team",
  validateSearch: (params: Params) => params,
  component: lazyRouteComponent(() => import("@/features/team/team-page"), "TeamPage"),
});

const datasetSettings = createRoute({
  getParentRoute: () => inside,
  path: "/datasets/$workspace/$name/settings",
  component: lazyRouteComponent(() => import("@/features/dataset-settings/dataset-settings-page"), "DatasetSettingsPage"),
});

const people = createRoute({
  getParentRoute: () => inside,
  path: "/people",
  validateSearch: (params: Params) => params,
  component: lazyRouteComponent(() => import("@/features/people/people-page"), "PeoplePage"),
});

const leading = [team, datasetSettings, people];

export const router = createRouter({
  routeTree: root.addChildren([login, inside.addChildren([home, datasets, dataset, userSettings, ...leading])]),
  basepath: base,
  parseSearch,
  stringifySearch,
  defaultPreload: "intent",
  defaultErrorComponent: Crashed,
  defaultNotFoundComponent: NotFound,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
