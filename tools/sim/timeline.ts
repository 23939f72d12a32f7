// What happened on the simulated board, as lanes of a picture.

import { renderTimeline, type Edge, type Span } from "../timeline.ts";
import { isOn, type Outcome } from "./record-and-play.ts";

export function outcomeTimeline(outcome: Outcome): string {
  const { board, stage } = outcome;
  const edges = (nrf: number, on: 0 | 1): Edge[] =>
    (stage.world.changes.get(nrf) ?? []).map(({ atUs, drive }) => ({ atS: atUs / 1e6, level: isOn(drive, on) ? 1 : 0 }));
  const sounds = (stage.world.changes.get(board.speaker.output.nrf) ?? []).filter(({ drive }) => drive.kind === "pwm" || drive.kind === "duties");
  const playedFrom = sounds.find(({ drive }) => drive.kind === "duties")!.atUs / 1e6;
  const red = edges(board.heart.recording.nrf, board.heart.recording.on);
  const redFrom = red.find(({ level }) => level === 1)!.atS;
  const redTo = red.find(({ atS, level }) => level === 0 && atS > redFrom)!.atS;
  const spans: Span[] = [
    { fromS: 0, toS: outcome.bootedMs / 1000, label: "starting", colour: "slate" },
    { fromS: redFrom, toS: redTo, label: "recording", colour: "red" },
    { fromS: playedFrom, toS: playedFrom + outcome.played.length / outcome.playedRateHz, label: "playing", colour: "teal" },
  ];
  return renderTimeline({
    title: `${board.title}: record and play`,
    seconds: stage.nowMs / 1000,
    lanes: [
      { name: "toy", kind: "spans", spans },
      { name: "paw", kind: "level", colour: "amber", edges: stage.pawEdges.map(({ atUs, isPressed }) => ({ atS: atUs / 1e6, level: isPressed ? 1 : 0 })) },
      { name: "heart, red", kind: "level", colour: "red", edges: red },
      { name: "microphone power", kind: "level", colour: "rose", edges: edges(board.microphone.power.nrf, board.microphone.power.on) },
      { name: "spoken", kind: "wave", samples: outcome.spoken, rateHz: 8000, startS: outcome.voiceFromMs / 1000 },
      { name: "earcons", kind: "level", colour: "indigo", edges: edges(board.speaker.output.nrf, 1) },
      { name: "played", kind: "wave", samples: outcome.played, rateHz: outcome.playedRateHz, startS: playedFrom },
      {
        name: "flash",
        kind: "marks",
        marks: stage.machine.flash.operations.map(({ kind, atUs }) => ({ atS: atUs / 1e6, kind })),
      },
    ],
  });
}
