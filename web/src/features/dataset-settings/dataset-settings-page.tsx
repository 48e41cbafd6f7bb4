export function DatasetSettingsPage() { return null; }
