// What happened on the simulated board, as lanes of a picture.

import { renderTimeline, type Edge } from "../timeline.ts";
import { isOn, type Outcome } from "./record-and-play.ts";

export function outcomeTimeline(outcome: Outcome): string {
  const { board, stage, steps } = outcome;
  const edges = (nrf: number, on: 0 | 1): Edge[] =>
    (stage.world.changes.get(nrf) ?? []).map(({ atUs, drive }) => ({ atS: atUs / 1e6, level: isOn(drive, on) ? 1 : 0 }));
  const sounds = (stage.world.changes.get(board.speaker.output.nrf) ?? []).filter(({ drive }) => drive.kind === "pwm" || drive.kind === "duties");
  const playedFrom = sounds.find(({ drive }) => drive.kind === "duties")!.atUs / 1e6;
  return renderTimeline({
    title: `${board.title}: record and play`,
    seconds: stage.nowMs / 1000,
    lanes: [
      { name: "steps", kind: "marks", marks: steps.map(({ atMs, what }) => ({ atS: atMs / 1000, kind: what.split(":")[0]! })) },
      { name: "paw", kind: "level", colour: "amber", edges: stage.pawEdges.map(({ atUs, isPressed }) => ({ atS: atUs / 1e6, level: isPressed ? 1 : 0 })) },
      { name: "heart, red", kind: "level", colour: "red", edges: edges(board.heart.recording.nrf, board.heart.recording.on) },
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
