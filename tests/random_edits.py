"""Draw by hand at random: cuts, borders, pieces, junctions and mergers on any map that is being edited."""

import time

import numpy as np
import shapely

import gridgeo as gg

ACTIONS = ("cut", "give", "move_border", "move_junction", "merge")


class RandomHand:
    """Tries one random edit after another, and remembers what each cost and what was refused."""

    def __init__(self, editor, seed=0, *, size_m=500.0, names=None):
        self.editor = editor
        self.random = np.random.default_rng(seed)
        self.size_m = size_m
        self.names = list(editor.areas.index) if names is None else list(names)
        self.seconds = []
        self.done = []
        self.refused = []

    def pick(self):
        """Pick an area that is still there."""
        while True:
            at = int(self.random.integers(len(self.names)))
            try:
                return self.names[at], self.editor.shape(self.names[at])
            except gg.EditError:
                self.names[at] = self.names[-1]
                self.names.pop()

    def draw(self):
        """Think of an edit: a name of a method and its arguments."""
        name, shape = self.pick()
        action = str(self.random.choice(ACTIONS, p=[0.2, 0.3, 0.25, 0.15, 0.1]))
        if action == "cut":
            return self.cut(name, shape)
        if action == "move_junction":
            xy = shapely.get_coordinates(shape)
            at = xy[self.random.integers(len(xy))]
            to = at + self.random.normal(0, 0.03, 2) * self.size_m
            reach = float(self.random.choice([0.0, 0.1, 0.3])) * self.size_m
            return action, (shapely.Point(at), shapely.Point(to)), {"reach_m": reach}
        beside = self.editor.neighbours(name)
        if not beside:
            return self.cut(name, shape)
        other = beside[int(self.random.integers(len(beside)))]
        if action == "merge":
            return action, (name, other), {}
        common = shapely.line_merge(shapely.intersection(shape.boundary, self.editor.shape(other).boundary))
        lines = [part for part in shapely.get_parts(common) if part.geom_type == "LineString"]
        line = max(lines, key=lambda part: part.length)
        return self.give(line, other) if action == "give" else self.move_border(line, name, other)

    def cut(self, name, shape):
        middle = shapely.get_coordinates(shape.representative_point())[0]
        turn = self.random.uniform(0, np.pi)
        way = np.array([np.cos(turn), np.sin(turn)]) * max(shape.length, self.size_m)
        bend = middle + self.random.normal(0, 0.05, 2) * self.size_m
        return "cut", (name, shapely.LineString([middle - way, bend, middle + way])), {}

    def give(self, line, to):
        middle = shapely.get_coordinates(line.interpolate(self.random.uniform(0, 1), normalized=True))[0]
        turns = np.linspace(0, 2 * np.pi, 9)[:-1]
        reach = self.random.uniform(0.05, 0.25) * self.size_m * self.random.uniform(0.6, 1.0, 8)
        piece = shapely.Polygon(middle + reach[:, None] * np.column_stack([np.cos(turns), np.sin(turns)]))
        return "give", (piece, to), {}

    def move_border(self, line, name, other):
        xy = shapely.get_coordinates(line)
        one, two = np.sort(self.random.choice(len(xy), 2, replace=False))
        begin, end = xy[one], xy[two]
        along = self.random.uniform(0.2, 0.8, (2, 1))
        between = begin + np.sort(along, axis=0) * (end - begin) + self.random.normal(0, 0.04, (2, 2)) * self.size_m
        return "move_border", (name, other, shapely.LineString([begin, *between, end])), {}

    def edit(self):
        """Try one edit; tells whether it was made."""
        action, arguments, how = self.draw()
        began = time.process_time()
        try:
            rows = getattr(self.editor, action)(*arguments, **how)
        except gg.EditError as refusal:
            self.refused.append((action, str(refusal)))
            return False
        self.seconds.append(time.process_time() - began)
        self.done.append(action)
        if action == "cut":
            self.names += rows["area_id"].tolist()[1:]
        return True
