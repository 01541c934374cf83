/* A grid over boxes: which features lie near a point, without asking each of them. */
"use strict";

(function (kit) {
  const WIDE = 64;

  /* Where each run of a list of lengths begins, and where the last one ends. */
  kit.sum = function (lengths) {
    const starts = new Uint32Array(lengths.length + 1);
    for (let at = 0; at < lengths.length; at += 1) starts[at + 1] = starts[at] + lengths[at];
    return starts;
  };

  /* Which features lie near a point: a grid of cells over the boxes; those that fill many cells stand apart. */
  kit.Grid = class {
    constructor(boxes) {
      const count = boxes.length / 4;
      const frame = [Infinity, Infinity, -Infinity, -Infinity];
      for (let at = 0; at < boxes.length; at += 4) {
        frame[0] = Math.min(frame[0], boxes[at]);
        frame[1] = Math.min(frame[1], boxes[at + 1]);
        frame[2] = Math.max(frame[2], boxes[at + 2]);
        frame[3] = Math.max(frame[3], boxes[at + 3]);
      }
      this.boxes = boxes;
      this.frame = frame;
      this.side = Math.max(1, Math.min(1024, Math.ceil(Math.sqrt(count / 2))));
      this.cell = [(frame[2] - frame[0]) / this.side || 1, (frame[3] - frame[1]) / this.side || 1];
      this.wide = [];
      const lengths = new Uint32Array(this.side * this.side);
      for (let feature = 0; feature < count; feature += 1) this._spread(feature, lengths, null);
      this.starts = kit.sum(lengths);
      this.members = new Uint32Array(this.starts[lengths.length]);
      const next = this.starts.slice();
      for (let feature = 0; feature < count; feature += 1) this._spread(feature, next, this.members);
    }

    /* Count a feature in each cell that its box meets, or write it there; a wide one is only noted. */
    _spread(feature, next, members) {
      const at = 4 * feature;
      const west = this._place(this.boxes[at], 0);
      const south = this._place(this.boxes[at + 1], 1);
      const east = this._place(this.boxes[at + 2], 0);
      const north = this._place(this.boxes[at + 3], 1);
      if ((east - west + 1) * (north - south + 1) > WIDE) {
        if (!members) this.wide.push(feature);
        return;
      }
      for (let row = south; row <= north; row += 1) {
        for (let cell = row * this.side + west; cell <= row * this.side + east; cell += 1) {
          if (members) members[next[cell]] = feature;
          next[cell] += 1;
        }
      }
    }

    _place(value, side) {
      const cell = Math.floor((value - this.frame[side]) / this.cell[side]);
      return cell < 0 ? 0 : cell >= this.side ? this.side - 1 : cell;
    }

    _cells(box) {
      return [this._place(box[0], 0), this._place(box[1], 1), this._place(box[2], 0), this._place(box[3], 1)];
    }

    /* Features whose box meets a box, in their order. */
    find(box) {
      const found = new Set(this.wide.filter((feature) => this._meets(feature, box)));
      const [west, south, east, north] = this._cells(box);
      for (let row = south; row <= north; row += 1) {
        for (let column = west; column <= east; column += 1) {
          const cell = row * this.side + column;
          for (let at = this.starts[cell]; at < this.starts[cell + 1]; at += 1) {
            if (this._meets(this.members[at], box)) found.add(this.members[at]);
          }
        }
      }
      return [...found].sort((one, other) => one - other);
    }

    _meets(feature, [west, south, east, north]) {
      const { boxes } = this;
      const at = 4 * feature;
      return boxes[at] <= east && boxes[at + 2] >= west && boxes[at + 1] <= north && boxes[at + 3] >= south;
    }
  };
})(SpatialMap);
