"""Help is written for people in both languages; what nobody has translated is marked and leads to the English text."""

import re
from dataclasses import replace

import pytest
from django.urls import reverse

from bridge import registry
from connectors.contract import HelpTopic, Text
from tests import factories

# Words no sentence of the one language is without, and that the other does not have.
FRENCH = re.compile(r"\b(le|la|les|un|une|des|du|et|est|dans|pour|vous|que)\b", re.IGNORECASE)
ENGLISH = re.compile(r"\b(the|and|is|are|of|with|for|you|that|it)\b", re.IGNORECASE)


def topics():
    """Every topic of every recipe, those of recipes yet to be listed too."""
    from importlib import import_module
    from pkgutil import iter_modules

    import connectors.recipes

    modules = [import_module(f"connectors.recipes.{item.name}") for item in iter_modules(connectors.recipes.__path__)]
    recipes = {module.RECIPE.key: module.RECIPE for module in modules if hasattr(module, "RECIPE")}
    return [pytest.param(topic, id=f"{key}:{topic.key}") for key, recipe in recipes.items() for topic in recipe.help]


@pytest.mark.row("H-33")
@pytest.mark.parametrize("topic", topics())
def test_help_is_written_in_french_and_in_english(topic):
    for text in (topic.title, topic.body, *(label for label, _ in topic.links)):
        assert text.en.strip() and text.fr.strip()
        assert "{" not in text.en + text.fr
    english, french = topic.body.en, topic.body.fr
    assert len(FRENCH.findall(french)) > 2 * len(ENGLISH.findall(french)), french
    assert len(ENGLISH.findall(english)) > 2 * len(FRENCH.findall(english)), english
    assert "'" not in french and not re.search(r"\w [:;?!»%$]", topic.body.say("fr")), "marks as in print"
    assert english.count("\n\n") == french.count("\n\n"), "as many paragraphs"


@pytest.fixture
def half(monkeypatch):
    """A recipe with a topic nobody has translated, and one that is."""
    known = registry.recipe("quickbooks_mailchimp")
    made = replace(
        known,
        help=(
            HelpTopic("bare", Text("Only in English", ""), Text("The words are these.\n\nAnd these.", "")),
            HelpTopic("half", Text("Half", "Moitié"), Text("The words.", "  ")),
            HelpTopic("whole", Text("Whole", "Entier"), Text("The words.", "Les mots.")),
        ),
    )
    monkeypatch.setattr(registry, "recipes", lambda: {made.key: made})
    return made


@pytest.mark.row("H-33")
@pytest.mark.django_db
def test_what_is_not_in_french_is_marked_and_links_to_the_english_text(client, half):
    person = factories.staff(language="fr")
    client.force_login(person)
    home = client.get(reverse("admin:help")).content.decode()
    assert re.search(r'lang="en">Only in English</a>\s*<span class="badge', home)
    assert not re.search(r">Entier</a>\s*<span class=\"badge", home)
    for key in ("bare", "half"):
        address = reverse("admin:help_topic", args=[half.key, key])
        body = client.get(address).content.decode()
        assert 'href="?in=en"' in body and re.search(r'<article[^>]* lang="en"', body) and "The words" in body
        english = client.get(address, {"in": "en"}).content.decode()
        assert "The words" in english and 'href="?in=en"' not in english
    address = reverse("admin:help_topic", args=[half.key, "whole"])
    body = client.get(address).content.decode()
    assert "Les mots." in body and 'href="?in=en"' not in body and 'class="card words">' in body
    assert "The words." in client.get(address, {"in": "en"}).content.decode()
    person.language = "en"
    person.save(update_fields=["language"])
    body = client.get(reverse("admin:help_topic", args=[half.key, "bare"])).content.decode()
    assert "The words are these." in body and 'href="?in=en"' not in body
