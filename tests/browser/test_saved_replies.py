from queue import Queue

from playwright.sync_api import expect

from tests.browser.test_inbox import answered, moca, visit

__all__ = ["moca", "visit"]


def test_an_answer_that_is_chosen_before_the_script_is_there_is_taken_in_by_it(visit, moca):
    answered(moca)
    moca.rows("INSERT INTO saved_answer (name, text) VALUES ('hours', 'We open at nine.')")
    page, held = visit(), Queue()
    page.route("**/talk.js", lambda route: held.put(route, block=False))
    page.get_by_role("link", name="Ada").click()
    page.get_by_label("Saved answer", exact=True).select_option("hours")
    expect(page.get_by_label("Your answer")).to_have_value("")

    held.get(timeout=1).continue_()
    expect(page.get_by_label("Your answer")).to_have_value("We open at nine.")
