"""List the names under which sources keep the columns of our tables.

Case, spaces and underscores do not count. Our own name goes first, then the aliases in their order.
"""

from __future__ import annotations

from gridgeo.model.tables import TABLES

ALIASES: dict[str, dict[str, tuple[str, ...]]] = {
    "communities": {
        "area_id": (
            "community_id",
            "nhood_id",
            "社区编码",
            "社区代码",
            "行政区划代码",
            "编码",
            "代码",
            "code",
            "geoid",
            "id",
            "district",
            "社区名称",
            "社区",
            "村名",
            "name",
            "名称",
        ),
        "name": ("community_name", "社区名称", "社区", "村名", "名称", "district", "neighborhood", "nbhd"),
        "level": ("层级",),
        "parent_id": ("street_code", "街道编码", "街道代码", "所属街道"),
    },
    "areas": {
        "area_id": (
            "grid_id",
            "网格编码",
            "网格编号",
            "网格代码",
            "编码",
            "代码",
            "code",
            "row_id",
            "id",
            "objectid",
            "precinct",
            "beat",
            "网格名称",
            "name",
            "名称",
        ),
        "code": ("网格编码", "网格编号", "网格代码", "编码", "代码"),
        "name": ("grid_name", "网格名称", "名称"),
        "parent_id": ("community_id", "社区编码", "社区代码", "所属社区"),
        "households": ("dwellings", "户数", "住户数"),
        "persons": ("population", "residents", "人口", "人口数", "人数"),
    },
    "streets": {
        "street_id": ("segment_id", "osm_id", "osmid", "way_id", "道路编码", "编码", "id"),
        "name": ("street", "street_name", "road_name", "道路名称", "路名", "名称"),
    },
    "buildings": {
        "building_id": ("bldg_id", "osm_id", "osmid", "楼栋编码", "建筑编码", "房屋编码", "编码", "block_id", "id"),
        "name": ("building_name", "楼名", "建筑名称", "楼栋名称", "名称"),
        "use": ("usage", "用途", "房屋用途", "building"),
        "floors": ("storeys", "stories", "levels", "levels_used", "building_levels", "层数", "楼层数", "总层数"),
        "stairwells": ("entrances", "单元数"),
        "households": ("dwellings", "户数", "住户数"),
        "persons": ("population", "residents", "人口", "人口数", "人数"),
    },
    "households": {
        "household_id": ("parcel_id", "osm_id", "address_id", "门牌编码", "户编码", "户编号", "编码", "id"),
        "building_id": ("bldg_id", "楼栋编码", "建筑编码", "房屋编码"),
        "stairwell": ("单元", "单元号"),
        "floor": ("楼层", "所在层"),
        "address": ("full_address", "地址", "详细地址", "门牌地址"),
        "count": ("households", "units", "dwellings", "dwelling_units", "flats", "户数", "住户数", "套数"),
        "persons": ("population", "residents", "人口", "人口数", "人数"),
    },
    "incidents": {
        "incident_id": ("event_id", "case_id", "事件编号", "案件编号", "工单编号", "编号", "id"),
        "reported_at": (
            "reported",
            "occurred",
            "occurred_at",
            "created_at",
            "上报时间",
            "发生时间",
            "时间",
            "datetime",
            "date",
            "time",
        ),
        "category": ("type", "事件类型", "事件类别", "类别", "类型"),
        "text": ("description", "事件描述", "描述", "内容"),
        "address": ("block_address", "location", "发生地址", "事发地址", "地址"),
        "status": ("状态",),
    },
    "officers": {
        "officer_id": ("工号", "编号", "id"),
        "name": ("姓名",),
        "role": ("岗位", "职务", "角色"),
        "phone": ("tel", "电话", "手机", "联系电话"),
    },
    "duties": {
        "duty_id": ("id",),
        "officer_id": ("工号",),
        "area_id": ("grid_id", "网格编码", "网格编号"),
        "role": ("岗位", "职务", "角色"),
        "valid_from": ("from", "开始日期"),
        "valid_to": ("to", "until", "结束日期"),
    },
}
"""Table -> our column -> names under which sources keep it."""

LAYER_TABLES = {
    **{name: name for name in TABLES},
    **dict.fromkeys(("grids", "micro_grids", "网格", "微网格"), "areas"),
    **dict.fromkeys(("household_points", "住户", "户"), "households"),
    **dict.fromkeys(("roads", "道路", "路网"), "streets"),
    **dict.fromkeys(("社区", "社区边界"), "communities"),
    **dict.fromkeys(("楼栋", "建筑", "房屋"), "buildings"),
    **dict.fromkeys(("事件",), "incidents"),
}
"""Name of a layer -> table that it is read as."""
