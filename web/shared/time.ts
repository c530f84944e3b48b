import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";

const FORMAT = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "medium" });

export const shownTime = (time: Timestamp | undefined): string =>
  time === undefined ? "" : FORMAT.format(timestampDate(time));
