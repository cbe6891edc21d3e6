// Shows times in the reader's time zone. Without scripts they are in UTC, as the page says.
for (const time of document.querySelectorAll("time[datetime]")) {
  const style = { dateStyle: "medium", timeStyle: "short" };
  time.title = time.textContent;
  time.textContent = new Date(time.dateTime).toLocaleString(undefined, style);
}
for (const note of document.querySelectorAll("[data-zone]")) {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  note.textContent = `Times are in your time zone, ${timeZone}.`;
}
