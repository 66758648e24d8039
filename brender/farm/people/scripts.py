"""Whose scripts run: those that stand in scenes, which Blender starts by itself when it opens them.

How does this work?  The farm's `scene_scripts` names from which role on; the owner of a job has the role that counts.
"""

from brender.farm.people.users import People, Role

FROM = {"wranglers": Role.WRANGLER, "admins": Role.ADMIN}  # by the farm's `scene_scripts`


def may_run_scripts(whose: str, people: People, owner: str) -> bool:
    """Whether scripts inside the scenes of an owner's jobs run: an owner who is no user counts as an artist."""
    if whose in ("everybody", "nobody"):
        return whose == "everybody"
    user = people.users.get(owner)
    role = user.role if user else Role.ARTIST if people.users else Role.ADMIN  # without users everybody is one
    return role.covers(FROM[whose])
