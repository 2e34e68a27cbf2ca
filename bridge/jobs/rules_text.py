"""All that was chosen for an integration as plain sentences, to be read and signed."""

from dataclasses import dataclass

from bridge import registry
from bridge.engine.filters import describe
from bridge.engine.transforms import rule_as_text
from bridge.hub.models import Integration
from bridge.jobs import integrations, ruling
from bridge.jobs.context import settings_of
from connectors.contract import Text


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its sentences."""

    title: str
    sentences: list[str]


def rules_as_text(integration: Integration, language: str) -> list[Section]:
    """Return all active rules as plain sentences, with author and date, to be read and signed."""
    recipe = registry.recipe(integration.recipe)
    left, right = (registry.connector(key).label.say(language) for key in (recipe.left, recipe.right))
    found = []
    values = settings_of(integration)
    chosen = []
    for item in recipe.settings:
        if integrations.asked(item, values) and values.get(item.key):
            value = values.get(f"{item.key}_label") or {key: text.say(language) for key, text in item.choices}.get(
                values[item.key], values[item.key]
            )
            chosen.append(f"{item.label.say(language)}{' : ' if language.startswith('fr') else ': '}{value}")
    if chosen:
        found.append(Section(Text("Settings", "Réglages").say(language), chosen))
    for flow in integration.flows.filter(is_on=True).prefetch_related("rules__created_by"):
        declared = recipe.flow(flow.entity)
        sentences = []
        if declared.sentence:
            sentences.append(declared.sentence.say(language))
        if flow.direction == "both" and (flow.filter or flow.filter_back):
            for to, tree in ((right, flow.filter), (left, flow.filter_back)):
                way = Text("To {to}: {words}", "Vers {to} : {words}")
                sentences.append(way.say(language, to=to, words=describe(tree or {}, flow.entity, language)))
        elif flow.filter:
            sentences.append(describe(flow.filter, flow.entity, language))
        labels = {"source": left, "target": right, "left": left, "right": right}
        for rule in flow.rules.all():
            who = Text(" ({who}, {day})", " ({who}, {day})").say(
                language, who=rule.created_by or "–", day=rule.changed_at.date().isoformat()
            )
            sentences.append(rule_as_text(ruling.engine_rule(rule), flow.entity, language, labels) + who)
        found.append(Section(declared.label.say(language), sentences))
    return found
