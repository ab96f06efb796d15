PRAGMA application_id=1734829423;
CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL, 
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE plans (
    version INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
    territory TEXT NOT NULL, 
    valid_from DATE NOT NULL, 
    valid_to DATE, 
    revision INTEGER NOT NULL, 
    published_at TEXT NOT NULL, 
    crs TEXT, 
    levels JSON NOT NULL, 
    profile JSON NOT NULL, 
    manifest JSON NOT NULL, 
    digest TEXT NOT NULL, 
    CONSTRAINT ck_plans_half_open CHECK (valid_to IS NULL OR valid_to >= valid_from)
);
CREATE TABLE frames (
    frame_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
    kind TEXT NOT NULL, 
    digest TEXT NOT NULL, 
    row_count INTEGER NOT NULL, 
    layout JSON NOT NULL, 
    CONSTRAINT uq_frames_kind_digest UNIQUE (kind, digest)
);
CREATE TABLE plan_frames (
    version INTEGER NOT NULL, 
    role TEXT NOT NULL, 
    frame_id INTEGER NOT NULL, 
    CONSTRAINT pk_plan_frames PRIMARY KEY (version, role), 
    CONSTRAINT fk_plan_frames_frame_id FOREIGN KEY(frame_id) REFERENCES frames (frame_id), 
    CONSTRAINT fk_plan_frames_version FOREIGN KEY(version) REFERENCES plans (version) ON DELETE CASCADE
);
CREATE TABLE layouts (
    territory TEXT NOT NULL, 
    kind TEXT NOT NULL, 
    layout JSON NOT NULL, 
    CONSTRAINT pk_layouts PRIMARY KEY (territory, kind)
);
CREATE TABLE areas (
    row_id INTEGER NOT NULL, 
    frame_id INTEGER NOT NULL, 
    position INTEGER NOT NULL, 
    area_id TEXT NOT NULL, 
    code TEXT, 
    name TEXT, 
    level TEXT, 
    kind TEXT, 
    parent_id TEXT, 
    households BIGINT, 
    persons BIGINT, 
    area_m2 DOUBLE, 
    west DOUBLE, 
    south DOUBLE, 
    east DOUBLE, 
    north DOUBLE, 
    extra JSON, 
    geometry BLOB, 
    CONSTRAINT pk_areas PRIMARY KEY (row_id), 
    CONSTRAINT fk_areas_frame_id FOREIGN KEY(frame_id) REFERENCES frames (frame_id) ON DELETE CASCADE, 
    CONSTRAINT uq_areas_frame_id_position UNIQUE (frame_id, position), 
    CONSTRAINT uq_areas_frame_id_area_id UNIQUE (frame_id, area_id)
);
CREATE TABLE register (
    frame_id INTEGER NOT NULL, 
    position INTEGER NOT NULL, 
    area_id TEXT NOT NULL, 
    code TEXT, 
    name TEXT, 
    level TEXT, 
    kind TEXT, 
    parent_id TEXT, 
    extra JSON, 
    CONSTRAINT pk_register PRIMARY KEY (frame_id, position), 
    CONSTRAINT fk_register_frame_id FOREIGN KEY(frame_id) REFERENCES frames (frame_id) ON DELETE CASCADE
)
 WITHOUT ROWID;
CREATE TABLE owners (
    frame_id INTEGER NOT NULL, 
    position INTEGER NOT NULL, 
    atom_id TEXT NOT NULL, 
    area_id TEXT, 
    extra JSON, 
    CONSTRAINT pk_owners PRIMARY KEY (frame_id, position), 
    CONSTRAINT fk_owners_frame_id FOREIGN KEY(frame_id) REFERENCES frames (frame_id) ON DELETE CASCADE
)
 WITHOUT ROWID;
CREATE TABLE atoms (
    frame_id INTEGER NOT NULL, 
    position INTEGER NOT NULL, 
    atom_id TEXT NOT NULL, 
    community_id TEXT, 
    kind TEXT, 
    block_id TEXT, 
    keep_with TEXT, 
    households BIGINT, 
    persons BIGINT, 
    area_m2 DOUBLE, 
    extra JSON, 
    geometry BLOB, 
    CONSTRAINT pk_atoms PRIMARY KEY (frame_id, position), 
    CONSTRAINT fk_atoms_frame_id FOREIGN KEY(frame_id) REFERENCES frames (frame_id) ON DELETE CASCADE
);
CREATE TABLE borders (
    frame_id INTEGER NOT NULL, 
    position INTEGER NOT NULL, 
    atom_a TEXT, 
    atom_b TEXT, 
    street_id TEXT, 
    kind TEXT, 
    rank BIGINT, 
    length_m DOUBLE, 
    extra JSON, 
    CONSTRAINT pk_borders PRIMARY KEY (frame_id, position), 
    CONSTRAINT fk_borders_frame_id FOREIGN KEY(frame_id) REFERENCES frames (frame_id) ON DELETE CASCADE
)
 WITHOUT ROWID;
CREATE TABLE certificates (
    frame_id INTEGER NOT NULL, 
    position INTEGER NOT NULL, 
    certificate_id TEXT NOT NULL, 
    area_id TEXT, 
    level TEXT, 
    reason TEXT, 
    relaxation TEXT, 
    message TEXT, 
    households BIGINT, 
    low BIGINT, 
    high BIGINT, 
    extra JSON, 
    geometry BLOB, 
    CONSTRAINT pk_certificates PRIMARY KEY (frame_id, position), 
    CONSTRAINT fk_certificates_frame_id FOREIGN KEY(frame_id) REFERENCES frames (frame_id) ON DELETE CASCADE
);
CREATE TABLE officers (
    frame_id INTEGER NOT NULL, 
    position INTEGER NOT NULL, 
    officer_id TEXT NOT NULL, 
    name TEXT, 
    role TEXT, 
    phone TEXT, 
    extra JSON, 
    CONSTRAINT pk_officers PRIMARY KEY (frame_id, position), 
    CONSTRAINT fk_officers_frame_id FOREIGN KEY(frame_id) REFERENCES frames (frame_id) ON DELETE CASCADE
)
 WITHOUT ROWID;
CREATE TABLE duties (
    frame_id INTEGER NOT NULL, 
    position INTEGER NOT NULL, 
    duty_id TEXT NOT NULL, 
    officer_id TEXT, 
    area_id TEXT, 
    role TEXT, 
    valid_from DATE, 
    valid_to DATE, 
    extra JSON, 
    CONSTRAINT pk_duties PRIMARY KEY (frame_id, position), 
    CONSTRAINT fk_duties_frame_id FOREIGN KEY(frame_id) REFERENCES frames (frame_id) ON DELETE CASCADE
)
 WITHOUT ROWID;
CREATE TABLE addresses (
    frame_id INTEGER NOT NULL, 
    position INTEGER NOT NULL, 
    address_id TEXT NOT NULL, 
    address TEXT, 
    building_id TEXT, 
    stairwell BIGINT, 
    floor BIGINT, 
    count BIGINT, 
    persons BIGINT, 
    extra JSON, 
    geometry BLOB, 
    CONSTRAINT pk_addresses PRIMARY KEY (frame_id, position), 
    CONSTRAINT fk_addresses_frame_id FOREIGN KEY(frame_id) REFERENCES frames (frame_id) ON DELETE CASCADE
);
CREATE TABLE streets (
    frame_id INTEGER NOT NULL, 
    position INTEGER NOT NULL, 
    street_id TEXT NOT NULL, 
    name TEXT, 
    kind TEXT, 
    rank BIGINT, 
    extra JSON, 
    geometry BLOB, 
    CONSTRAINT pk_streets PRIMARY KEY (frame_id, position), 
    CONSTRAINT fk_streets_frame_id FOREIGN KEY(frame_id) REFERENCES frames (frame_id) ON DELETE CASCADE
);
CREATE TABLE buildings (
    frame_id INTEGER NOT NULL, 
    position INTEGER NOT NULL, 
    building_id TEXT NOT NULL, 
    name TEXT, 
    use TEXT, 
    floors BIGINT, 
    stairwells BIGINT, 
    households BIGINT, 
    persons BIGINT, 
    extra JSON, 
    geometry BLOB, 
    CONSTRAINT pk_buildings PRIMARY KEY (frame_id, position), 
    CONSTRAINT fk_buildings_frame_id FOREIGN KEY(frame_id) REFERENCES frames (frame_id) ON DELETE CASCADE
);
CREATE TABLE sites (
    frame_id INTEGER NOT NULL, 
    position INTEGER NOT NULL, 
    site_id TEXT NOT NULL, 
    name TEXT, 
    kind TEXT, 
    extra JSON, 
    geometry BLOB, 
    CONSTRAINT pk_sites PRIMARY KEY (frame_id, position), 
    CONSTRAINT fk_sites_frame_id FOREIGN KEY(frame_id) REFERENCES frames (frame_id) ON DELETE CASCADE
);
CREATE TABLE findings (
    frame_id INTEGER NOT NULL, 
    position INTEGER NOT NULL, 
    finding_id TEXT NOT NULL, 
    kind TEXT, 
    severity TEXT, 
    area_ids TEXT, 
    quantity TEXT, 
    message TEXT, 
    value DOUBLE, 
    "limit" DOUBLE, 
    extra JSON, 
    geometry BLOB, 
    CONSTRAINT pk_findings PRIMARY KEY (frame_id, position), 
    CONSTRAINT fk_findings_frame_id FOREIGN KEY(frame_id) REFERENCES frames (frame_id) ON DELETE CASCADE
);
CREATE TABLE incidents (
    position INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
    territory TEXT NOT NULL, 
    incident_id TEXT NOT NULL, 
    reported_at TEXT NOT NULL, 
    category TEXT, 
    text TEXT, 
    address TEXT, 
    area_id TEXT, 
    status TEXT, 
    accuracy_m DOUBLE, 
    x DOUBLE, 
    y DOUBLE, 
    extra JSON, 
    geometry BLOB, 
    CONSTRAINT uq_incidents_territory_incident_id UNIQUE (territory, incident_id)
);
CREATE VIRTUAL TABLE area_boxes USING rtree(row_id, west, east, south, north, frame_low, frame_high);
CREATE UNIQUE INDEX uq_plans_one_a_day ON plans (territory, valid_from) WHERE valid_to IS NULL OR valid_to > valid_from;
CREATE INDEX ix_plan_frames_frame_id ON plan_frames (frame_id);
CREATE INDEX ix_incidents_territory_reported_at ON incidents (territory, reported_at);
CREATE TRIGGER areas_after_insert AFTER INSERT ON areas BEGIN 
    INSERT INTO area_boxes
    SELECT NEW.row_id, NEW.west, NEW.east, NEW.south, NEW.north, NEW.frame_id * 1048576.0, NEW.frame_id * 1048576.0
    WHERE NEW.west IS NOT NULL;
 END;
CREATE TRIGGER areas_after_delete AFTER DELETE ON areas BEGIN DELETE FROM area_boxes WHERE row_id = OLD.row_id; END;
CREATE TRIGGER areas_after_update AFTER UPDATE ON areas BEGIN DELETE FROM area_boxes WHERE row_id = OLD.row_id;
    INSERT INTO area_boxes
    SELECT NEW.row_id, NEW.west, NEW.east, NEW.south, NEW.north, NEW.frame_id * 1048576.0, NEW.frame_id * 1048576.0
    WHERE NEW.west IS NOT NULL;
 END;
INSERT INTO "alembic_version" VALUES ('0001');
INSERT INTO "plans" VALUES (1, 'main', '2026-01-01', '2026-06-01', 0, '2026-11-22T21:41:05.841187Z', 'PROJCRS["CGCS2000 / 3-degree Gauss-Kruger CM 114E",BASEGEOGCRS["China Geodetic Coordinate System 2000",DATUM["China 2000",ELLIPSOID["CGCS2000",6378137,298.257222101,LENGTHUNIT["metre",1]]],PRIMEM["Greenwich",0,ANGLEUNIT["degree",0.0174532925199433]],ID["EPSG",4490]],CONVERSION["3-degree Gauss-Kruger CM 114E",METHOD["Transverse Mercator",ID["EPSG",9807]],PARAMETER["Latitude of natural origin",0,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8801]],PARAMETER["Longitude of natural origin",114,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8802]],PARAMETER["Scale factor at natural origin",1,SCALEUNIT["unity",1],ID["EPSG",8805]],PARAMETER["False easting",500000,LENGTHUNIT["metre",1],ID["EPSG",8806]],PARAMETER["False northing",0,LENGTHUNIT["metre",1],ID["EPSG",8807]]],CS[Cartesian,2],AXIS["northing (X)",north,ORDER[1],LENGTHUNIT["metre",1]],AXIS["easting (Y)",east,ORDER[2],LENGTHUNIT["metre",1]],USAGE[SCOPE["Cadastre, engineering survey, topographic mapping (large scale)."],AREA["China - onshore between 112°30''E and 115°30''E."],BBOX[21.52,112.5,45.45,115.5]],ID["EPSG",4547]]', '[["community", "area_id"], ["grid", "area_id"], ["micro", "area_id"]]', '{"name": "guali-2024", "title": "Guali Town, Hangzhou, 2024", "limits": {"grid": {"low": 300, "high": 500, "target": 400, "strength": "hard", "clause": "grid-size", "measure": "households", "weight": 1.0}, "micro": {"low": 50, "high": 80, "target": 65, "strength": "soft", "clause": "micro-size", "measure": "households", "weight": 1.0}}, "title_zh": "瓜沥镇网格建设方案", "source": "瓜政〔2024〕40号, 2024-09-23; trial of two years from 2024-10-01", "about": "Grids of 300-500 households inside one village or community, micro grids of 50-80.", "clauses": [{"id": "grid-size", "subject": "size", "strength": "hard", "zh": "", "en": "A grid holds 300 to 500 households.", "does": "Every grid is kept inside the band; where no division can, a certificate says so."}, {"id": "micro-size", "subject": "size", "strength": "soft", "zh": "具体服从管理有效、服务便利的原则", "en": "A micro grid usually holds 50 to 80 households, as far as that serves management and service.", "does": "Micro grids are drawn inside the band where the building stock allows; the others are certified."}, {"id": "micro-cover", "subject": "coverage", "strength": "hard", "zh": "", "en": "Micro grids cover the town in full.", "does": "Every atom belongs to one micro grid, and every micro grid to one grid."}, {"id": "micro-split", "subject": "splitting", "strength": "may", "zh": "", "en": "A building of more than 80 households may be split into two or more micro grids, by stairwell or floor.", "does": "Buildings above the limit are cut between stairwells."}, {"id": "nesting", "subject": "nesting", "strength": "hard", "zh": "", "en": "Town, village or community, grid, micro grid: each lies inside one area of the level above.", "does": "Grids are drawn inside each community, micro grids inside each grid."}, {"id": "principles", "subject": "shape", "strength": "soft", "zh": "", "en": "Adjacent, of similar make-up, of moderate size, easy to manage, easy to serve.", "does": "Each area is in one piece, compact, and its borders keep to streets."}, {"id": "exclusive", "subject": "exclusive areas", "strength": "may", "zh": "", "en": "Schools, hospitals, commercial areas, offices and large factories may be micro grids of their own.", "does": "Areas named as exclusive become areas of their own."}], "further": {}, "labels": {}, "exclusive": null}', '{"seed": 0, "inputs": {"communities": "9f2c"}}', '6266bec2ffbe132ecc3c7d9f');
INSERT INTO "plans" VALUES (2, 'main', '2026-06-01', NULL, 0, '2026-11-22T21:41:05.903537Z', 'PROJCRS["CGCS2000 / 3-degree Gauss-Kruger CM 114E",BASEGEOGCRS["China Geodetic Coordinate System 2000",DATUM["China 2000",ELLIPSOID["CGCS2000",6378137,298.257222101,LENGTHUNIT["metre",1]]],PRIMEM["Greenwich",0,ANGLEUNIT["degree",0.0174532925199433]],ID["EPSG",4490]],CONVERSION["3-degree Gauss-Kruger CM 114E",METHOD["Transverse Mercator",ID["EPSG",9807]],PARAMETER["Latitude of natural origin",0,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8801]],PARAMETER["Longitude of natural origin",114,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8802]],PARAMETER["Scale factor at natural origin",1,SCALEUNIT["unity",1],ID["EPSG",8805]],PARAMETER["False easting",500000,LENGTHUNIT["metre",1],ID["EPSG",8806]],PARAMETER["False northing",0,LENGTHUNIT["metre",1],ID["EPSG",8807]]],CS[Cartesian,2],AXIS["northing (X)",north,ORDER[1],LENGTHUNIT["metre",1]],AXIS["easting (Y)",east,ORDER[2],LENGTHUNIT["metre",1]],USAGE[SCOPE["Cadastre, engineering survey, topographic mapping (large scale)."],AREA["China - onshore between 112°30''E and 115°30''E."],BBOX[21.52,112.5,45.45,115.5]],ID["EPSG",4547]]', '[["community", "area_id"], ["grid", "area_id"], ["micro", "area_id"]]', '{"name": "guali-2024", "title": "Guali Town, Hangzhou, 2024", "limits": {"grid": {"low": 300, "high": 500, "target": 400, "strength": "hard", "clause": "grid-size", "measure": "households", "weight": 1.0}, "micro": {"low": 50, "high": 80, "target": 65, "strength": "soft", "clause": "micro-size", "measure": "households", "weight": 1.0}}, "title_zh": "瓜沥镇网格建设方案", "source": "瓜政〔2024〕40号, 2024-09-23; trial of two years from 2024-10-01", "about": "Grids of 300-500 households inside one village or community, micro grids of 50-80.", "clauses": [{"id": "grid-size", "subject": "size", "strength": "hard", "zh": "", "en": "A grid holds 300 to 500 households.", "does": "Every grid is kept inside the band; where no division can, a certificate says so."}, {"id": "micro-size", "subject": "size", "strength": "soft", "zh": "具体服从管理有效、服务便利的原则", "en": "A micro grid usually holds 50 to 80 households, as far as that serves management and service.", "does": "Micro grids are drawn inside the band where the building stock allows; the others are certified."}, {"id": "micro-cover", "subject": "coverage", "strength": "hard", "zh": "", "en": "Micro grids cover the town in full.", "does": "Every atom belongs to one micro grid, and every micro grid to one grid."}, {"id": "micro-split", "subject": "splitting", "strength": "may", "zh": "", "en": "A building of more than 80 households may be split into two or more micro grids, by stairwell or floor.", "does": "Buildings above the limit are cut between stairwells."}, {"id": "nesting", "subject": "nesting", "strength": "hard", "zh": "", "en": "Town, village or community, grid, micro grid: each lies inside one area of the level above.", "does": "Grids are drawn inside each community, micro grids inside each grid."}, {"id": "principles", "subject": "shape", "strength": "soft", "zh": "", "en": "Adjacent, of similar make-up, of moderate size, easy to manage, easy to serve.", "does": "Each area is in one piece, compact, and its borders keep to streets."}, {"id": "exclusive", "subject": "exclusive areas", "strength": "may", "zh": "", "en": "Schools, hospitals, commercial areas, offices and large factories may be micro grids of their own.", "does": "Areas named as exclusive become areas of their own."}], "further": {}, "labels": {}, "exclusive": null}', '{"seed": 0, "inputs": {"communities": "9f2c"}}', 'b131768fb4f4a8e1bccc04e6');
INSERT INTO "frames" VALUES (1, 'atoms', 'd3871774ed1155ade1c954b243661607', 4, '{"columns": [{"name": "community_id", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "kind", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "block_id", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "households", "in": "sql", "form": {"form": "number", "dtype": "int64"}}, {"name": "persons", "in": "sql", "form": {"form": "number", "dtype": "int64"}}, {"name": "area_m2", "in": "sql", "form": {"form": "number", "dtype": "float64"}}, {"name": "geometry", "in": "geometry"}], "names": "str", "index": {"name": "atom_id", "in": "key", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, "geometry": "geometry", "crs": "PROJCRS[\"CGCS2000 / 3-degree Gauss-Kruger CM 114E\",BASEGEOGCRS[\"China Geodetic Coordinate System 2000\",DATUM[\"China 2000\",ELLIPSOID[\"CGCS2000\",6378137,298.257222101,LENGTHUNIT[\"metre\",1]]],PRIMEM[\"Greenwich\",0,ANGLEUNIT[\"degree\",0.0174532925199433]],ID[\"EPSG\",4490]],CONVERSION[\"3-degree Gauss-Kruger CM 114E\",METHOD[\"Transverse Mercator\",ID[\"EPSG\",9807]],PARAMETER[\"Latitude of natural origin\",0,ANGLEUNIT[\"degree\",0.0174532925199433],ID[\"EPSG\",8801]],PARAMETER[\"Longitude of natural origin\",114,ANGLEUNIT[\"degree\",0.0174532925199433],ID[\"EPSG\",8802]],PARAMETER[\"Scale factor at natural origin\",1,SCALEUNIT[\"unity\",1],ID[\"EPSG\",8805]],PARAMETER[\"False easting\",500000,LENGTHUNIT[\"metre\",1],ID[\"EPSG\",8806]],PARAMETER[\"False northing\",0,LENGTHUNIT[\"metre\",1],ID[\"EPSG\",8807]]],CS[Cartesian,2],AXIS[\"northing (X)\",north,ORDER[1],LENGTHUNIT[\"metre\",1]],AXIS[\"easting (Y)\",east,ORDER[2],LENGTHUNIT[\"metre\",1]],USAGE[SCOPE[\"Cadastre, engineering survey, topographic mapping (large scale).\"],AREA[\"China - onshore between 112°30''E and 115°30''E.\"],BBOX[21.52,112.5,45.45,115.5]],ID[\"EPSG\",4547]]"}');
INSERT INTO "frames" VALUES (2, 'borders', 'de601c79688c6a7e2b95bdd5563575d1', 4, '{"columns": [{"name": "atom_a", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "atom_b", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "length_m", "in": "sql", "form": {"form": "number", "dtype": "float64"}}, {"name": "street_id", "in": "sql", "form": {"form": "object", "missing": "none"}}, {"name": "rank", "in": "sql", "form": {"form": "number", "dtype": "int64"}}, {"name": "kind", "in": "sql", "form": {"form": "object", "missing": "none"}}], "names": "str", "index": {"name": null, "in": "range", "range": [0, 4, 1]}}');
INSERT INTO "frames" VALUES (3, 'register', '4ceeb2fc05cef5db489b2c544107f63e', 7, '{"columns": [{"name": "code", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "name", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "level", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "kind", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "parent_id", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}], "names": "str", "index": {"name": "area_id", "in": "key", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}}');
INSERT INTO "frames" VALUES (4, 'certificates', 'a24d74408918e3d615a535c09d04f71f', 0, '{"columns": [{"name": "area_id", "in": "sql", "form": {"form": "object", "missing": "none"}}, {"name": "level", "in": "sql", "form": {"form": "object", "missing": "none"}}, {"name": "reason", "in": "sql", "form": {"form": "object", "missing": "none"}}, {"name": "households", "in": "sql", "form": {"form": "object", "missing": "none"}}, {"name": "low", "in": "sql", "form": {"form": "object", "missing": "none"}}, {"name": "high", "in": "sql", "form": {"form": "object", "missing": "none"}}, {"name": "relaxation", "in": "sql", "form": {"form": "object", "missing": "none"}}, {"name": "message", "in": "sql", "form": {"form": "object", "missing": "none"}}, {"name": "geometry", "in": "geometry"}], "names": "str", "index": {"name": "certificate_id", "in": "key", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, "geometry": "geometry", "crs": null}');
INSERT INTO "frames" VALUES (5, 'owners', '37b56853ddf488ddad393403e3633409', 4, '{"columns": [{"name": "area_id", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}], "names": "str", "index": {"name": "atom_id", "in": "key", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}}');
INSERT INTO "frames" VALUES (6, 'areas', '9f75613138cc1e8ca7cd2d118c359c18', 1, '{"columns": [{"name": "code", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "name", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "level", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "kind", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "parent_id", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "households", "in": "sql", "form": {"form": "number", "dtype": "int64"}}, {"name": "persons", "in": "sql", "form": {"form": "number", "dtype": "int64"}}, {"name": "area_m2", "in": "sql", "form": {"form": "number", "dtype": "float64"}}, {"name": "geometry", "in": "geometry"}], "names": "str", "index": {"name": "area_id", "in": "key", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, "geometry": "geometry", "crs": "PROJCRS[\"CGCS2000 / 3-degree Gauss-Kruger CM 114E\",BASEGEOGCRS[\"China Geodetic Coordinate System 2000\",DATUM[\"China 2000\",ELLIPSOID[\"CGCS2000\",6378137,298.257222101,LENGTHUNIT[\"metre\",1]]],PRIMEM[\"Greenwich\",0,ANGLEUNIT[\"degree\",0.0174532925199433]],ID[\"EPSG\",4490]],CONVERSION[\"3-degree Gauss-Kruger CM 114E\",METHOD[\"Transverse Mercator\",ID[\"EPSG\",9807]],PARAMETER[\"Latitude of natural origin\",0,ANGLEUNIT[\"degree\",0.0174532925199433],ID[\"EPSG\",8801]],PARAMETER[\"Longitude of natural origin\",114,ANGLEUNIT[\"degree\",0.0174532925199433],ID[\"EPSG\",8802]],PARAMETER[\"Scale factor at natural origin\",1,SCALEUNIT[\"unity\",1],ID[\"EPSG\",8805]],PARAMETER[\"False easting\",500000,LENGTHUNIT[\"metre\",1],ID[\"EPSG\",8806]],PARAMETER[\"False northing\",0,LENGTHUNIT[\"metre\",1],ID[\"EPSG\",8807]]],CS[Cartesian,2],AXIS[\"northing (X)\",north,ORDER[1],LENGTHUNIT[\"metre\",1]],AXIS[\"easting (Y)\",east,ORDER[2],LENGTHUNIT[\"metre\",1]],USAGE[SCOPE[\"Cadastre, engineering survey, topographic mapping (large scale).\"],AREA[\"China - onshore between 112°30''E and 115°30''E.\"],BBOX[21.52,112.5,45.45,115.5]],ID[\"EPSG\",4547]]"}');
INSERT INTO "frames" VALUES (7, 'owners', 'f60f0556d8ad219f8b4e2ea871b5cc43', 4, '{"columns": [{"name": "area_id", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}], "names": "str", "index": {"name": "atom_id", "in": "key", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}}');
INSERT INTO "frames" VALUES (8, 'areas', '7e9927b9556352d4426f3414fd146cb9', 2, '{"columns": [{"name": "code", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "name", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "level", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "kind", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "parent_id", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "households", "in": "sql", "form": {"form": "number", "dtype": "int64"}}, {"name": "persons", "in": "sql", "form": {"form": "number", "dtype": "int64"}}, {"name": "area_m2", "in": "sql", "form": {"form": "number", "dtype": "float64"}}, {"name": "geometry", "in": "geometry"}], "names": "str", "index": {"name": "area_id", "in": "key", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, "geometry": "geometry", "crs": "PROJCRS[\"CGCS2000 / 3-degree Gauss-Kruger CM 114E\",BASEGEOGCRS[\"China Geodetic Coordinate System 2000\",DATUM[\"China 2000\",ELLIPSOID[\"CGCS2000\",6378137,298.257222101,LENGTHUNIT[\"metre\",1]]],PRIMEM[\"Greenwich\",0,ANGLEUNIT[\"degree\",0.0174532925199433]],ID[\"EPSG\",4490]],CONVERSION[\"3-degree Gauss-Kruger CM 114E\",METHOD[\"Transverse Mercator\",ID[\"EPSG\",9807]],PARAMETER[\"Latitude of natural origin\",0,ANGLEUNIT[\"degree\",0.0174532925199433],ID[\"EPSG\",8801]],PARAMETER[\"Longitude of natural origin\",114,ANGLEUNIT[\"degree\",0.0174532925199433],ID[\"EPSG\",8802]],PARAMETER[\"Scale factor at natural origin\",1,SCALEUNIT[\"unity\",1],ID[\"EPSG\",8805]],PARAMETER[\"False easting\",500000,LENGTHUNIT[\"metre\",1],ID[\"EPSG\",8806]],PARAMETER[\"False northing\",0,LENGTHUNIT[\"metre\",1],ID[\"EPSG\",8807]]],CS[Cartesian,2],AXIS[\"northing (X)\",north,ORDER[1],LENGTHUNIT[\"metre\",1]],AXIS[\"easting (Y)\",east,ORDER[2],LENGTHUNIT[\"metre\",1]],USAGE[SCOPE[\"Cadastre, engineering survey, topographic mapping (large scale).\"],AREA[\"China - onshore between 112°30''E and 115°30''E.\"],BBOX[21.52,112.5,45.45,115.5]],ID[\"EPSG\",4547]]"}');
INSERT INTO "frames" VALUES (9, 'owners', '2ce79fb6cadeaf01744c04c2968f2d80', 4, '{"columns": [{"name": "area_id", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}], "names": "str", "index": {"name": "atom_id", "in": "key", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}}');
INSERT INTO "frames" VALUES (10, 'areas', '623a35693d0acb4ebca4a4b3dd713241', 4, '{"columns": [{"name": "code", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "name", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "level", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "kind", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "parent_id", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "households", "in": "sql", "form": {"form": "number", "dtype": "int64"}}, {"name": "persons", "in": "sql", "form": {"form": "number", "dtype": "int64"}}, {"name": "area_m2", "in": "sql", "form": {"form": "number", "dtype": "float64"}}, {"name": "geometry", "in": "geometry"}], "names": "str", "index": {"name": "area_id", "in": "key", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, "geometry": "geometry", "crs": "PROJCRS[\"CGCS2000 / 3-degree Gauss-Kruger CM 114E\",BASEGEOGCRS[\"China Geodetic Coordinate System 2000\",DATUM[\"China 2000\",ELLIPSOID[\"CGCS2000\",6378137,298.257222101,LENGTHUNIT[\"metre\",1]]],PRIMEM[\"Greenwich\",0,ANGLEUNIT[\"degree\",0.0174532925199433]],ID[\"EPSG\",4490]],CONVERSION[\"3-degree Gauss-Kruger CM 114E\",METHOD[\"Transverse Mercator\",ID[\"EPSG\",9807]],PARAMETER[\"Latitude of natural origin\",0,ANGLEUNIT[\"degree\",0.0174532925199433],ID[\"EPSG\",8801]],PARAMETER[\"Longitude of natural origin\",114,ANGLEUNIT[\"degree\",0.0174532925199433],ID[\"EPSG\",8802]],PARAMETER[\"Scale factor at natural origin\",1,SCALEUNIT[\"unity\",1],ID[\"EPSG\",8805]],PARAMETER[\"False easting\",500000,LENGTHUNIT[\"metre\",1],ID[\"EPSG\",8806]],PARAMETER[\"False northing\",0,LENGTHUNIT[\"metre\",1],ID[\"EPSG\",8807]]],CS[Cartesian,2],AXIS[\"northing (X)\",north,ORDER[1],LENGTHUNIT[\"metre\",1]],AXIS[\"easting (Y)\",east,ORDER[2],LENGTHUNIT[\"metre\",1]],USAGE[SCOPE[\"Cadastre, engineering survey, topographic mapping (large scale).\"],AREA[\"China - onshore between 112°30''E and 115°30''E.\"],BBOX[21.52,112.5,45.45,115.5]],ID[\"EPSG\",4547]]"}');
INSERT INTO "frames" VALUES (11, 'officers', '6f0ab5850cf2db8e06a2b9353e6bd042', 2, '{"columns": [{"name": "name", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "role", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "phone", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}], "names": "str", "index": {"name": "officer_id", "in": "key", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}}');
INSERT INTO "frames" VALUES (12, 'duties', 'caf698bd39d75dd5f53a1410d9c837d7', 2, '{"columns": [{"name": "officer_id", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "area_id", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "role", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "valid_from", "in": "sql", "form": {"form": "day", "missing": "none"}}, {"name": "valid_to", "in": "sql", "form": {"form": "day", "missing": "none"}}], "names": "str", "index": {"name": "duty_id", "in": "key", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}}');
INSERT INTO "frames" VALUES (13, 'addresses', '0c37c053cb6d74d19fbf886ceb2cbdb5', 2, '{"columns": [{"name": "count", "in": "sql", "form": {"form": "number", "dtype": "int64"}}, {"name": "geometry", "in": "geometry"}, {"name": "address", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "floors", "in": "extra", "form": {"form": "number", "dtype": "int64"}}], "names": "str", "index": {"name": "household_id", "in": "key", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, "geometry": "geometry", "crs": "PROJCRS[\"CGCS2000 / 3-degree Gauss-Kruger CM 114E\",BASEGEOGCRS[\"China Geodetic Coordinate System 2000\",DATUM[\"China 2000\",ELLIPSOID[\"CGCS2000\",6378137,298.257222101,LENGTHUNIT[\"metre\",1]]],PRIMEM[\"Greenwich\",0,ANGLEUNIT[\"degree\",0.0174532925199433]],ID[\"EPSG\",4490]],CONVERSION[\"3-degree Gauss-Kruger CM 114E\",METHOD[\"Transverse Mercator\",ID[\"EPSG\",9807]],PARAMETER[\"Latitude of natural origin\",0,ANGLEUNIT[\"degree\",0.0174532925199433],ID[\"EPSG\",8801]],PARAMETER[\"Longitude of natural origin\",114,ANGLEUNIT[\"degree\",0.0174532925199433],ID[\"EPSG\",8802]],PARAMETER[\"Scale factor at natural origin\",1,SCALEUNIT[\"unity\",1],ID[\"EPSG\",8805]],PARAMETER[\"False easting\",500000,LENGTHUNIT[\"metre\",1],ID[\"EPSG\",8806]],PARAMETER[\"False northing\",0,LENGTHUNIT[\"metre\",1],ID[\"EPSG\",8807]]],CS[Cartesian,2],AXIS[\"northing (X)\",north,ORDER[1],LENGTHUNIT[\"metre\",1]],AXIS[\"easting (Y)\",east,ORDER[2],LENGTHUNIT[\"metre\",1]],USAGE[SCOPE[\"Cadastre, engineering survey, topographic mapping (large scale).\"],AREA[\"China - onshore between 112°30''E and 115°30''E.\"],BBOX[21.52,112.5,45.45,115.5]],ID[\"EPSG\",4547]]"}');
INSERT INTO "frames" VALUES (14, 'streets', '9e3cc423dd5c40ba21c2c21be9976e41', 1, '{"columns": [{"name": "name", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "rank", "in": "sql", "form": {"form": "number", "dtype": "int64"}}, {"name": "kind", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "geometry", "in": "geometry"}], "names": "str", "index": {"name": "street_id", "in": "key", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, "geometry": "geometry", "crs": "PROJCRS[\"CGCS2000 / 3-degree Gauss-Kruger CM 114E\",BASEGEOGCRS[\"China Geodetic Coordinate System 2000\",DATUM[\"China 2000\",ELLIPSOID[\"CGCS2000\",6378137,298.257222101,LENGTHUNIT[\"metre\",1]]],PRIMEM[\"Greenwich\",0,ANGLEUNIT[\"degree\",0.0174532925199433]],ID[\"EPSG\",4490]],CONVERSION[\"3-degree Gauss-Kruger CM 114E\",METHOD[\"Transverse Mercator\",ID[\"EPSG\",9807]],PARAMETER[\"Latitude of natural origin\",0,ANGLEUNIT[\"degree\",0.0174532925199433],ID[\"EPSG\",8801]],PARAMETER[\"Longitude of natural origin\",114,ANGLEUNIT[\"degree\",0.0174532925199433],ID[\"EPSG\",8802]],PARAMETER[\"Scale factor at natural origin\",1,SCALEUNIT[\"unity\",1],ID[\"EPSG\",8805]],PARAMETER[\"False easting\",500000,LENGTHUNIT[\"metre\",1],ID[\"EPSG\",8806]],PARAMETER[\"False northing\",0,LENGTHUNIT[\"metre\",1],ID[\"EPSG\",8807]]],CS[Cartesian,2],AXIS[\"northing (X)\",north,ORDER[1],LENGTHUNIT[\"metre\",1]],AXIS[\"easting (Y)\",east,ORDER[2],LENGTHUNIT[\"metre\",1]],USAGE[SCOPE[\"Cadastre, engineering survey, topographic mapping (large scale).\"],AREA[\"China - onshore between 112°30''E and 115°30''E.\"],BBOX[21.52,112.5,45.45,115.5]],ID[\"EPSG\",4547]]"}');
INSERT INTO "frames" VALUES (15, 'register', '8354eec3b5d8cf9d85037e4bef1c3586', 7, '{"columns": [{"name": "code", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "name", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "level", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "kind", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "parent_id", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}], "names": "str", "index": {"name": "area_id", "in": "key", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}}');
INSERT INTO "frames" VALUES (16, 'owners', 'ba085696cde931afb821f62dab05d523', 4, '{"columns": [{"name": "area_id", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}], "names": "str", "index": {"name": "atom_id", "in": "key", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}}');
INSERT INTO "frames" VALUES (17, 'areas', 'c3afdae6106a5747c37db60b15d04af3', 2, '{"columns": [{"name": "code", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "name", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "level", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "kind", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "parent_id", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "households", "in": "sql", "form": {"form": "number", "dtype": "int64"}}, {"name": "persons", "in": "sql", "form": {"form": "number", "dtype": "int64"}}, {"name": "area_m2", "in": "sql", "form": {"form": "number", "dtype": "float64"}}, {"name": "geometry", "in": "geometry"}], "names": "str", "index": {"name": "area_id", "in": "key", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, "geometry": "geometry", "crs": "PROJCRS[\"CGCS2000 / 3-degree Gauss-Kruger CM 114E\",BASEGEOGCRS[\"China Geodetic Coordinate System 2000\",DATUM[\"China 2000\",ELLIPSOID[\"CGCS2000\",6378137,298.257222101,LENGTHUNIT[\"metre\",1]]],PRIMEM[\"Greenwich\",0,ANGLEUNIT[\"degree\",0.0174532925199433]],ID[\"EPSG\",4490]],CONVERSION[\"3-degree Gauss-Kruger CM 114E\",METHOD[\"Transverse Mercator\",ID[\"EPSG\",9807]],PARAMETER[\"Latitude of natural origin\",0,ANGLEUNIT[\"degree\",0.0174532925199433],ID[\"EPSG\",8801]],PARAMETER[\"Longitude of natural origin\",114,ANGLEUNIT[\"degree\",0.0174532925199433],ID[\"EPSG\",8802]],PARAMETER[\"Scale factor at natural origin\",1,SCALEUNIT[\"unity\",1],ID[\"EPSG\",8805]],PARAMETER[\"False easting\",500000,LENGTHUNIT[\"metre\",1],ID[\"EPSG\",8806]],PARAMETER[\"False northing\",0,LENGTHUNIT[\"metre\",1],ID[\"EPSG\",8807]]],CS[Cartesian,2],AXIS[\"northing (X)\",north,ORDER[1],LENGTHUNIT[\"metre\",1]],AXIS[\"easting (Y)\",east,ORDER[2],LENGTHUNIT[\"metre\",1]],USAGE[SCOPE[\"Cadastre, engineering survey, topographic mapping (large scale).\"],AREA[\"China - onshore between 112°30''E and 115°30''E.\"],BBOX[21.52,112.5,45.45,115.5]],ID[\"EPSG\",4547]]"}');
INSERT INTO "frames" VALUES (18, 'areas', 'a0692f318f638a8fed335350cd2dc2f7', 4, '{"columns": [{"name": "code", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "name", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "level", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "kind", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "parent_id", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "households", "in": "sql", "form": {"form": "number", "dtype": "int64"}}, {"name": "persons", "in": "sql", "form": {"form": "number", "dtype": "int64"}}, {"name": "area_m2", "in": "sql", "form": {"form": "number", "dtype": "float64"}}, {"name": "geometry", "in": "geometry"}], "names": "str", "index": {"name": "area_id", "in": "key", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, "geometry": "geometry", "crs": "PROJCRS[\"CGCS2000 / 3-degree Gauss-Kruger CM 114E\",BASEGEOGCRS[\"China Geodetic Coordinate System 2000\",DATUM[\"China 2000\",ELLIPSOID[\"CGCS2000\",6378137,298.257222101,LENGTHUNIT[\"metre\",1]]],PRIMEM[\"Greenwich\",0,ANGLEUNIT[\"degree\",0.0174532925199433]],ID[\"EPSG\",4490]],CONVERSION[\"3-degree Gauss-Kruger CM 114E\",METHOD[\"Transverse Mercator\",ID[\"EPSG\",9807]],PARAMETER[\"Latitude of natural origin\",0,ANGLEUNIT[\"degree\",0.0174532925199433],ID[\"EPSG\",8801]],PARAMETER[\"Longitude of natural origin\",114,ANGLEUNIT[\"degree\",0.0174532925199433],ID[\"EPSG\",8802]],PARAMETER[\"Scale factor at natural origin\",1,SCALEUNIT[\"unity\",1],ID[\"EPSG\",8805]],PARAMETER[\"False easting\",500000,LENGTHUNIT[\"metre\",1],ID[\"EPSG\",8806]],PARAMETER[\"False northing\",0,LENGTHUNIT[\"metre\",1],ID[\"EPSG\",8807]]],CS[Cartesian,2],AXIS[\"northing (X)\",north,ORDER[1],LENGTHUNIT[\"metre\",1]],AXIS[\"easting (Y)\",east,ORDER[2],LENGTHUNIT[\"metre\",1]],USAGE[SCOPE[\"Cadastre, engineering survey, topographic mapping (large scale).\"],AREA[\"China - onshore between 112°30''E and 115°30''E.\"],BBOX[21.52,112.5,45.45,115.5]],ID[\"EPSG\",4547]]"}');
INSERT INTO "plan_frames" VALUES (1, 'atoms', 1);
INSERT INTO "plan_frames" VALUES (1, 'borders', 2);
INSERT INTO "plan_frames" VALUES (1, 'register', 3);
INSERT INTO "plan_frames" VALUES (1, 'certificates', 4);
INSERT INTO "plan_frames" VALUES (1, 'owners:community', 5);
INSERT INTO "plan_frames" VALUES (1, 'areas:community', 6);
INSERT INTO "plan_frames" VALUES (1, 'owners:grid', 7);
INSERT INTO "plan_frames" VALUES (1, 'areas:grid', 8);
INSERT INTO "plan_frames" VALUES (1, 'owners:micro', 9);
INSERT INTO "plan_frames" VALUES (1, 'areas:micro', 10);
INSERT INTO "plan_frames" VALUES (1, 'officers', 11);
INSERT INTO "plan_frames" VALUES (1, 'duties', 12);
INSERT INTO "plan_frames" VALUES (1, 'addresses', 13);
INSERT INTO "plan_frames" VALUES (1, 'streets', 14);
INSERT INTO "plan_frames" VALUES (2, 'officers', 11);
INSERT INTO "plan_frames" VALUES (2, 'duties', 12);
INSERT INTO "plan_frames" VALUES (2, 'addresses', 13);
INSERT INTO "plan_frames" VALUES (2, 'streets', 14);
INSERT INTO "plan_frames" VALUES (2, 'atoms', 1);
INSERT INTO "plan_frames" VALUES (2, 'borders', 2);
INSERT INTO "plan_frames" VALUES (2, 'register', 15);
INSERT INTO "plan_frames" VALUES (2, 'certificates', 4);
INSERT INTO "plan_frames" VALUES (2, 'owners:community', 5);
INSERT INTO "plan_frames" VALUES (2, 'areas:community', 6);
INSERT INTO "plan_frames" VALUES (2, 'owners:grid', 16);
INSERT INTO "plan_frames" VALUES (2, 'areas:grid', 17);
INSERT INTO "plan_frames" VALUES (2, 'owners:micro', 9);
INSERT INTO "plan_frames" VALUES (2, 'areas:micro', 18);
INSERT INTO "layouts" VALUES ('main', 'incidents', '{"columns": [{"name": "reported_at", "in": "sql", "form": {"form": "instant", "dtype": "datetime64[us, UTC]"}}, {"name": "category", "in": "sql", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, {"name": "weight", "in": "extra", "form": {"form": "number", "dtype": "float64"}}, {"name": "geometry", "in": "geometry"}], "names": "str", "index": {"name": "incident_id", "in": "key", "form": {"form": "text", "storage": "pyarrow", "missing": "nan"}}, "geometry": "geometry", "crs": "PROJCRS[\"CGCS2000 / 3-degree Gauss-Kruger CM 114E\",BASEGEOGCRS[\"China Geodetic Coordinate System 2000\",DATUM[\"China 2000\",ELLIPSOID[\"CGCS2000\",6378137,298.257222101,LENGTHUNIT[\"metre\",1]]],PRIMEM[\"Greenwich\",0,ANGLEUNIT[\"degree\",0.0174532925199433]],ID[\"EPSG\",4490]],CONVERSION[\"3-degree Gauss-Kruger CM 114E\",METHOD[\"Transverse Mercator\",ID[\"EPSG\",9807]],PARAMETER[\"Latitude of natural origin\",0,ANGLEUNIT[\"degree\",0.0174532925199433],ID[\"EPSG\",8801]],PARAMETER[\"Longitude of natural origin\",114,ANGLEUNIT[\"degree\",0.0174532925199433],ID[\"EPSG\",8802]],PARAMETER[\"Scale factor at natural origin\",1,SCALEUNIT[\"unity\",1],ID[\"EPSG\",8805]],PARAMETER[\"False easting\",500000,LENGTHUNIT[\"metre\",1],ID[\"EPSG\",8806]],PARAMETER[\"False northing\",0,LENGTHUNIT[\"metre\",1],ID[\"EPSG\",8807]]],CS[Cartesian,2],AXIS[\"northing (X)\",north,ORDER[1],LENGTHUNIT[\"metre\",1]],AXIS[\"easting (Y)\",east,ORDER[2],LENGTHUNIT[\"metre\",1]],USAGE[SCOPE[\"Cadastre, engineering survey, topographic mapping (large scale).\"],AREA[\"China - onshore between 112°30''E and 115°30''E.\"],BBOX[21.52,112.5,45.45,115.5]],ID[\"EPSG\",4547]]"}');
INSERT INTO "areas" VALUES (1, 6, 0, 'C1', 'C1', 'C1号', 'community', 'base', NULL, 400, 800, 40000.0, 500000.0, 3400000.0, 500200.0, 3400200.0, NULL, X'010300000001000000090000000000000080841E410000000004F149410000000080841E4100000000D2F049410000000080841E4100000000A0F049410000000010861E4100000000A0F0494100000000A0871E4100000000A0F0494100000000A0871E4100000000D2F0494100000000A0871E410000000004F149410000000010861E410000000004F149410000000080841E410000000004F14941');
INSERT INTO "areas" VALUES (2, 8, 0, 'G1', 'G1', 'G1号', 'grid', 'base', 'C1', 200, 400, 20000.0, 500000.0, 3400000.0, 500100.0, 3400200.0, NULL, X'010300000001000000070000000000000080841E410000000004F149410000000080841E4100000000D2F049410000000080841E4100000000A0F049410000000010861E4100000000A0F049410000000010861E4100000000D2F049410000000010861E410000000004F149410000000080841E410000000004F14941');
INSERT INTO "areas" VALUES (3, 8, 1, 'G2', 'G2', 'G2号', 'grid', 'base', 'C1', 200, 400, 20000.0, 500100.0, 3400000.0, 500200.0, 3400200.0, NULL, X'010300000001000000070000000000000010861E410000000004F149410000000010861E4100000000D2F049410000000010861E4100000000A0F0494100000000A0871E4100000000A0F0494100000000A0871E4100000000D2F0494100000000A0871E410000000004F149410000000010861E410000000004F14941');
INSERT INTO "areas" VALUES (4, 10, 0, 'M1', 'M1', 'M1号', 'micro', 'base', 'G1', 100, 200, 10000.0, 500000.0, 3400100.0, 500100.0, 3400200.0, NULL, X'010300000001000000050000000000000080841E410000000004F149410000000080841E4100000000D2F049410000000010861E4100000000D2F049410000000010861E410000000004F149410000000080841E410000000004F14941');
INSERT INTO "areas" VALUES (5, 10, 1, 'M2', 'M2', 'M2号', 'micro', 'base', 'G2', 100, 200, 10000.0, 500100.0, 3400100.0, 500200.0, 3400200.0, NULL, X'010300000001000000050000000000000010861E410000000004F149410000000010861E4100000000D2F0494100000000A0871E4100000000D2F0494100000000A0871E410000000004F149410000000010861E410000000004F14941');
INSERT INTO "areas" VALUES (6, 10, 2, 'M3', 'M3', 'M3号', 'micro', 'base', 'G1', 100, 200, 10000.0, 500000.0, 3400000.0, 500100.0, 3400100.0, NULL, X'010300000001000000050000000000000080841E4100000000D2F049410000000080841E4100000000A0F049410000000010861E4100000000A0F049410000000010861E4100000000D2F049410000000080841E4100000000D2F04941');
INSERT INTO "areas" VALUES (7, 10, 3, 'M4', 'M4', 'M4号', 'micro', 'base', 'G2', 100, 200, 10000.0, 500100.0, 3400000.0, 500200.0, 3400100.0, NULL, X'010300000001000000050000000000000010861E4100000000D2F049410000000010861E4100000000A0F0494100000000A0871E4100000000A0F0494100000000A0871E4100000000D2F049410000000010861E4100000000D2F04941');
INSERT INTO "areas" VALUES (8, 17, 0, 'G1', 'G1', 'G1号', 'grid', 'base', 'C1', 200, 400, 20000.0, 500000.0, 3400100.0, 500200.0, 3400200.0, NULL, X'010300000001000000070000000000000080841E410000000004F149410000000080841E4100000000D2F049410000000010861E4100000000D2F0494100000000A0871E4100000000D2F0494100000000A0871E410000000004F149410000000010861E410000000004F149410000000080841E410000000004F14941');
INSERT INTO "areas" VALUES (9, 17, 1, 'G2', 'G2', 'G2号', 'grid', 'base', 'C1', 200, 400, 20000.0, 500000.0, 3400000.0, 500200.0, 3400100.0, NULL, X'010300000001000000070000000000000080841E4100000000D2F049410000000080841E4100000000A0F049410000000010861E4100000000A0F0494100000000A0871E4100000000A0F0494100000000A0871E4100000000D2F049410000000010861E4100000000D2F049410000000080841E4100000000D2F04941');
INSERT INTO "areas" VALUES (10, 18, 0, 'M1', 'M1', 'M1号', 'micro', 'base', 'G1', 100, 200, 10000.0, 500000.0, 3400100.0, 500100.0, 3400200.0, NULL, X'010300000001000000050000000000000080841E410000000004F149410000000080841E4100000000D2F049410000000010861E4100000000D2F049410000000010861E410000000004F149410000000080841E410000000004F14941');
INSERT INTO "areas" VALUES (11, 18, 1, 'M2', 'M2', 'M2号', 'micro', 'base', 'G1', 100, 200, 10000.0, 500100.0, 3400100.0, 500200.0, 3400200.0, NULL, X'010300000001000000050000000000000010861E410000000004F149410000000010861E4100000000D2F0494100000000A0871E4100000000D2F0494100000000A0871E410000000004F149410000000010861E410000000004F14941');
INSERT INTO "areas" VALUES (12, 18, 2, 'M3', 'M3', 'M3号', 'micro', 'base', 'G2', 100, 200, 10000.0, 500000.0, 3400000.0, 500100.0, 3400100.0, NULL, X'010300000001000000050000000000000080841E4100000000D2F049410000000080841E4100000000A0F049410000000010861E4100000000A0F049410000000010861E4100000000D2F049410000000080841E4100000000D2F04941');
INSERT INTO "areas" VALUES (13, 18, 3, 'M4', 'M4', 'M4号', 'micro', 'base', 'G2', 100, 200, 10000.0, 500100.0, 3400000.0, 500200.0, 3400100.0, NULL, X'010300000001000000050000000000000010861E4100000000D2F049410000000010861E4100000000A0F0494100000000A0871E4100000000A0F0494100000000A0871E4100000000D2F049410000000010861E4100000000D2F04941');
INSERT INTO "register" VALUES (3, 0, 'C1', 'C1', 'C1号', 'community', 'base', NULL, NULL);
INSERT INTO "register" VALUES (3, 1, 'G1', 'G1', 'G1号', 'grid', 'base', 'C1', NULL);
INSERT INTO "register" VALUES (3, 2, 'G2', 'G2', 'G2号', 'grid', 'base', 'C1', NULL);
INSERT INTO "register" VALUES (3, 3, 'M1', 'M1', 'M1号', 'micro', 'base', 'G1', NULL);
INSERT INTO "register" VALUES (3, 4, 'M2', 'M2', 'M2号', 'micro', 'base', 'G2', NULL);
INSERT INTO "register" VALUES (3, 5, 'M3', 'M3', 'M3号', 'micro', 'base', 'G1', NULL);
INSERT INTO "register" VALUES (3, 6, 'M4', 'M4', 'M4号', 'micro', 'base', 'G2', NULL);
INSERT INTO "register" VALUES (15, 0, 'C1', 'C1', 'C1号', 'community', 'base', NULL, NULL);
INSERT INTO "register" VALUES (15, 1, 'G1', 'G1', 'G1号', 'grid', 'base', 'C1', NULL);
INSERT INTO "register" VALUES (15, 2, 'G2', 'G2', 'G2号', 'grid', 'base', 'C1', NULL);
INSERT INTO "register" VALUES (15, 3, 'M1', 'M1', 'M1号', 'micro', 'base', 'G1', NULL);
INSERT INTO "register" VALUES (15, 4, 'M2', 'M2', 'M2号', 'micro', 'base', 'G1', NULL);
INSERT INTO "register" VALUES (15, 5, 'M3', 'M3', 'M3号', 'micro', 'base', 'G2', NULL);
INSERT INTO "register" VALUES (15, 6, 'M4', 'M4', 'M4号', 'micro', 'base', 'G2', NULL);
INSERT INTO "owners" VALUES (5, 0, 'A', 'C1', NULL);
INSERT INTO "owners" VALUES (5, 1, 'B', 'C1', NULL);
INSERT INTO "owners" VALUES (5, 2, 'C', 'C1', NULL);
INSERT INTO "owners" VALUES (5, 3, 'D', 'C1', NULL);
INSERT INTO "owners" VALUES (7, 0, 'A', 'G1', NULL);
INSERT INTO "owners" VALUES (7, 1, 'B', 'G2', NULL);
INSERT INTO "owners" VALUES (7, 2, 'C', 'G1', NULL);
INSERT INTO "owners" VALUES (7, 3, 'D', 'G2', NULL);
INSERT INTO "owners" VALUES (9, 0, 'A', 'M1', NULL);
INSERT INTO "owners" VALUES (9, 1, 'B', 'M2', NULL);
INSERT INTO "owners" VALUES (9, 2, 'C', 'M3', NULL);
INSERT INTO "owners" VALUES (9, 3, 'D', 'M4', NULL);
INSERT INTO "owners" VALUES (16, 0, 'A', 'G1', NULL);
INSERT INTO "owners" VALUES (16, 1, 'B', 'G1', NULL);
INSERT INTO "owners" VALUES (16, 2, 'C', 'G2', NULL);
INSERT INTO "owners" VALUES (16, 3, 'D', 'G2', NULL);
INSERT INTO "atoms" VALUES (1, 0, 'A', 'C1', 'block', 'BA', NULL, 100, 200, 10000.0, NULL, X'010300000001000000050000000000000080841E4100000000D2F049410000000080841E410000000004F149410000000010861E410000000004F149410000000010861E4100000000D2F049410000000080841E4100000000D2F04941');
INSERT INTO "atoms" VALUES (1, 1, 'B', 'C1', 'block', 'BB', NULL, 100, 200, 10000.0, NULL, X'010300000001000000050000000000000010861E4100000000D2F049410000000010861E410000000004F1494100000000A0871E410000000004F1494100000000A0871E4100000000D2F049410000000010861E4100000000D2F04941');
INSERT INTO "atoms" VALUES (1, 2, 'C', 'C1', 'block', 'BC', NULL, 100, 200, 10000.0, NULL, X'010300000001000000050000000000000080841E4100000000A0F049410000000080841E4100000000D2F049410000000010861E4100000000D2F049410000000010861E4100000000A0F049410000000080841E4100000000A0F04941');
INSERT INTO "atoms" VALUES (1, 3, 'D', 'C1', 'block', 'BD', NULL, 100, 200, 10000.0, NULL, X'010300000001000000050000000000000010861E4100000000A0F049410000000010861E4100000000D2F0494100000000A0871E4100000000D2F0494100000000A0871E4100000000A0F049410000000010861E4100000000A0F04941');
INSERT INTO "borders" VALUES (2, 0, 'A', 'B', NULL, NULL, 0, 100.0, NULL);
INSERT INTO "borders" VALUES (2, 1, 'A', 'C', NULL, NULL, 0, 100.0, NULL);
INSERT INTO "borders" VALUES (2, 2, 'B', 'D', NULL, NULL, 0, 100.0, NULL);
INSERT INTO "borders" VALUES (2, 3, 'C', 'D', NULL, NULL, 0, 100.0, NULL);
INSERT INTO "officers" VALUES (11, 0, 'O1', '王一', 'grid officer', '138', NULL);
INSERT INTO "officers" VALUES (11, 1, 'O2', '李二', 'police', NULL, NULL);
INSERT INTO "duties" VALUES (12, 0, 'D1', 'O1', 'G1', 'in charge', '2026-01-01', NULL, NULL);
INSERT INTO "duties" VALUES (12, 1, 'D2', 'O2', 'C1', 'in charge', NULL, '2026-06-01', NULL);
INSERT INTO "addresses" VALUES (13, 0, 'H0000', '溪桥路1号', NULL, NULL, NULL, 40, NULL, '{"floors":6}', X'01010000000000000048851E4100000000B9F04941');
INSERT INTO "addresses" VALUES (13, 1, 'H0001', '溪桥路2号', NULL, NULL, NULL, 40, NULL, '{"floors":11}', X'010100000000000000D8861E4100000080ACF04941');
INSERT INTO "streets" VALUES (14, 0, 'S000', 'S000', 'street', 4, NULL, X'0102000000020000000000000080841E4100000000A0F0494100000000A0871E4100000000A0F04941');
INSERT INTO "incidents" VALUES (1, 'main', 'I1', '2026-08-01T08:30:00.123456Z', 'noise', NULL, NULL, NULL, NULL, NULL, 5.00000333333333313919e+05, 3400050.0, '{"weight": 0.5}', X'01010000005555555581841E4100000000B9F04941');
INSERT INTO "incidents" VALUES (2, 'main', 'I2', '2026-08-01T08:30:00.123456Z', 'litter', NULL, NULL, NULL, NULL, NULL, 500150.0, 3400050.0, '{}', X'010100000000000000D8861E4100000000B9F04941');
