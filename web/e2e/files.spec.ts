import type { Page } from "@playwright/test";
import writeExcel from "write-excel-file/node";

import { expect, expectAccessible, test } from "./journey";

test.use({ servedFor: "files" });

const file = (name: string, data: string | Uint8Array) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(data) });
const latin = (text: string) => Uint8Array.from(text, (each) => (each === "€" ? 0x80 : each.charCodeAt(0)));

async function choose(page: Page, named: string, data: string | Uint8Array) {
  await page.goto("/datasets/new?workspace=team");
  await page.getByLabel("File", { exact: true }).setInputFiles(file(named, data));
}

async function select(page: Page, label: string, option: string) {
  await page.getByRole("combobox", { name: label }).or(page.getByRole("textbox", { name: label })).first().click();
  await page.getByRole("option", { name: option, exact: true }).click();
}

const intoTeam = (page: Page) => select(page, "Workspace", "team");

test("a CSV from a European spreadsheet: read in its encoding, which is shown and can be changed, and no sign for lost letters comes in unasked", async ({ page, server, signIn }) => {
  await signIn("admin");
  await choose(page, "umlauts.csv", latin("id;text\r\na;Größe und Übung\r\nb;Café €5 für Straße\r\nc;Mädchen, Füße, Öl\r\n"));
  const encoding = page.getByRole("combobox", { name: "Encoding" }).or(page.getByRole("textbox", { name: "Encoding" })).first();
  await expect(encoding).toHaveValue("Western European (Windows-1252)");
  await expect(page.getByText("This is a guess: the file isn’t UTF-8.")).toBeVisible();
  await expect(page.getByRole("group", { name: "First records" })).toContainText("Café €5 für Straße");
  await expectAccessible(page);

  await select(page, "Encoding", "UTF-8");
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("3 rows have characters that can’t be read (\uFFFD)");
  await expect(alert).toContainText("The first is in line 2.");
  await expect(page.getByRole("button", { name: "Import 3 records" })).toBeDisabled();
  await expectAccessible(page);
  await alert.getByRole("checkbox", { name: /Import them anyway/ }).press("Space");
  await expect(page.getByRole("button", { name: "Import 3 records" })).toBeEnabled();

  await select(page, "Encoding", "Western European (Windows-1252)");
  await expect(alert).toHaveCount(0);
  await intoTeam(page);
  await page.getByRole("button", { name: "Import 3 records" }).click();
  await expect(page.getByRole("heading", { name: "3 records are in umlauts" })).toBeVisible();
  expect(await server.record("umlauts", "b")).toMatchObject({ inputs: { text: "Café €5 für Straße" } });
});

test("a column that looks like answers: metadata unless somebody says otherwise, with how many records count as done and labels of all rows", async ({ page, server, signIn }) => {
  const rows = Array.from({ length: 320 }, (_, n) => `r${String(n)},Sentence ${String(n)},${n < 260 ? "first" : n < 310 ? `topic ${String(n)}` : ""}`);
  await signIn("admin");
  await choose(page, "topics.csv", ["id,sentence,topic", ...rows].join("\n"));
  await expect(page.getByText("320 rows in total; all can be read.")).toBeVisible();
  const question = page.getByRole("radiogroup", { name: "Does “topic” contain answers?" });
  await expect(question.getByRole("radio", { name: "Metadata" })).toBeChecked();
  await expect(page.getByText("No record will count as done after the import.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Import 320 records", exact: true })).toBeEnabled();
  await question.getByRole("radio", { name: "Metadata" }).focus();
  await page.keyboard.press("ArrowDown");
  await expect(question.getByRole("radio", { name: "Predictions" })).toBeChecked();
  await page.keyboard.press("ArrowDown");
  await expect(question.getByRole("radio", { name: "Answers" })).toBeChecked();
  await expect(question).toContainText("310 records will count as done, answered by you.");
  await expect(page.getByRole("region", { name: "51 labels found in the whole file" })).toContainText("topic 309");
  await expect(page.getByRole("button", { name: "Import 320 records, 310 as done" })).toBeEnabled();
  await expectAccessible(page);

  await page.keyboard.press("ArrowDown"); // around
  await expect(question.getByRole("radio", { name: "Metadata" })).toBeChecked();
  await intoTeam(page);
  await page.getByRole("button", { name: "Import 320 records", exact: true }).click();
  await expect(page.getByRole("heading", { name: "320 records are in topics" })).toBeVisible();
  expect(await server.record("topics", "r300")).toMatchObject({ status: "Default", metadata: { topic: "topic 300" } });
});

test("no row is lost silently: a table without a header, a text file, and a quote that is never closed", async ({ page, server, signIn }) => {
  await signIn("admin");
  await choose(page, "bare.csv", "1,The first of all sentences.\n2,And the second one.\n");
  const header = page.getByRole("switch", { name: "First row is a header" });
  await expect(header).not.toBeChecked();
  await expect(page.getByText("2 rows in total; all can be read.")).toBeVisible();
  await header.press("Space");
  await expect(page.getByText("1 row in total; it can be read.")).toBeVisible();
  await header.press("Space");
  await expect(page.getByRole("button", { name: "Import 2 records" })).toBeEnabled();

  await choose(page, "lines.txt", 'One sentence, with a comma.\n"Another; with signs.\n\nA third.\n');
  await expect(page.getByText("3 rows in total; all can be read.")).toBeVisible();
  await expect(page.getByText("Each line becomes a record.")).toBeVisible();
  await intoTeam(page);
  await page.getByRole("button", { name: "Import 3 records" }).click();
  await expect(page.getByRole("heading", { name: "3 records are in lines" })).toBeVisible();
  expect(await server.record("lines", "2")).toMatchObject({ inputs: { text: '"Another; with signs.' } });

  await choose(page, "quotes.csv", 'id,text\na,one\nb,"two\nc,three\nd,four\n');
  await expect(page.getByText("2 rows in total; 1 can’t be read.")).toBeVisible();
  await expect(page.getByText("line 3: a quote is never closed, so everything from here to line 5 is one cell.")).toBeVisible();
  await expectAccessible(page);
  await intoTeam(page);
  await page.getByRole("button", { name: "Import 1 record" }).click();
  const alert = page.getByRole("alert").filter({ hasText: "can’t be imported" });
  await expect(alert.getByRole("columnheader", { name: "Line" })).toBeVisible();
  await expect(alert.getByRole("row", { name: /^3 / })).toContainText("a quote is never closed");
  await expect(alert.getByRole("button", { name: "Import the other 1" })).toBeVisible(); // nothing is stored before
});

test("an Excel file: its sheets, its values and its rows", async ({ page, server, signIn }) => {
  const day = { value: new Date(Date.UTC(2026, 1, 3)), type: Date, format: "yyyy-mm-dd" } as const;
  const reviews = [["id", "review", "stars", "day"].map((value) => ({ value })), [{ value: "a" }, { value: "Schöne Größe €" }, { value: 4.5 }, day], [{ value: "b" }, { value: "漢字 too" }, { value: 3 }, day]];
  const made = await writeExcel([{ data: [[{ value: "note" }], [{ value: "Not this one." }]], sheet: "Notes" }, { data: reviews, sheet: "Reviews" }]).toBuffer();
  await signIn("admin");
  await choose(page, "Book.xls", "none");
  await expect(page.getByRole("alert")).toContainText("Save it as .xlsx or CSV");
  await choose(page, "Book.xlsx", made);
  await expect(page.getByText("1 row in total; it can be read.")).toBeVisible();
  await select(page, "Sheet", "Reviews");
  await expect(page.getByText("2 rows in total; all can be read.")).toBeVisible();
  await expectAccessible(page);
  await intoTeam(page);
  await page.getByRole("button", { name: "Import 2 records" }).click();
  await expect(page.getByRole("heading", { name: "2 records are in book" })).toBeVisible();
  expect(await server.record("book", "a")).toMatchObject({ inputs: { text: "Schöne Größe €" }, metadata: { stars: 4.5, day: "2026-02-03" } });
});
