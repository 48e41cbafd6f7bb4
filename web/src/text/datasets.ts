/** Texts of the list of datasets. */

import { msg } from "./catalogue";

export const datasetsSource = {
  datasets: {
    title: "Datasets",
    count: msg(["all"], "{all, plural, one {# dataset} other {# datasets}}"),
    countOf: msg(["shown", "all"], "{shown, number} of {all, plural, one {# dataset} other {# datasets}}"),
    search: "Search by name",
    workspace: "Workspace",
    task: "Task",
    tags: "Tags",
    name: "Name",
    records: "Records",
    progress: "Progress",
    updated: "Updated",
    team: "Team",
    assign: "Assign …",
    answers: msg(["done", "all"], "{done, number} of {all, plural, one {# answer} other {# answers}}"),
    teamOf: msg(["name"], "Team of {name}"),
    assignOf: msg(["name"], "Assign records of {name}"),
    actions: "Actions",
    done: msg(["done", "total"], "{done, number} of {total, number} done"),
    copyName: msg(["name"], "Copy the name of {name}"),
    copyLink: msg(["name"], "Copy a link to {name}"),
    clearFilters: "Clear filters",
    none: "No datasets yet",
    noneIntro: "Or log records from a notebook or script:",
    noneAnnotator: "Your work appears here as soon as someone adds a dataset to one of your workspaces.",
    noMatch: "No matching datasets",
    noMatchIntro: "Try other words or fewer filters.",
    failed: "The datasets couldn’t be loaded",
  },
};
