"""Partners: the list, and the forms to add and rename one."""

from __future__ import annotations

from dash import dcc, html

from callbacks.management import addresses
from pages.core import forms
from pages.management.sheet import page, sheet
from services.accounts import partners


def layout(_pathname: str, _search: str) -> html.Main:
    """Return the fixed parts of the page; `callbacks.management.partners` fills the list."""
    return sheet(
        "Partners",
        addresses.PARTNERS,
        dcc.Store(id="partners-shown", data=1),
        html.Div(
            [
                html.Section(html.Div(id="partners-list")),
                html.Section(
                    [
                        html.H2("Add a partner"),
                        forms.form(
                            "partner",
                            forms.text("partner", "name", "Name", maxlength=partners.LONGEST),
                            forms.buttons("partner", "Add"),
                        ),
                        html.H2("Rename a partner", className="further"),
                        forms.form(
                            "rename",
                            forms.select("rename", "old", "Partner", [], ""),
                            forms.text("rename", "name", "New name", maxlength=partners.LONGEST),
                            forms.buttons("rename", "Rename"),
                        ),
                    ]
                ),
            ],
            className="panels",
        ),
    )


PAGES = (page("Partners", lambda path: path == addresses.PARTNERS, layout),)
