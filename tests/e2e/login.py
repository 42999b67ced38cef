#!/usr/bin/env python3
"""The page signs in: with the one-time link of a terminal, with a token, and says so when it may only look.

Needs chromium and chromedriver (exit status 77 without them).

ctest: serial
"""
import os
import re
import shutil
import sys

import _symgrid as sg
from _symgrid import check, require

sys.path.append(sg.HERE)  # behind the library, see there
from browser import Browser  # noqa: E402
from guard import Program, token  # noqa: E402

WHO = ".login span"


def severe(browser):
    return [entry["message"] for entry in browser.log() if entry["level"] == "SEVERE"]


def says(browser, text):
    sg.wait_for(f"'{text}' in the header", lambda: browser.text(WHO) == text)
    check(True, f"the header says '{text}'")


def ask_for_power(browser, name):
    browser.run("for (const f of document.querySelectorAll('#ask input')) f.value = ''")
    browser.type("#ask [name=task_id]", name)
    browser.type("#ask [name=power]", "100W")
    browser.click("#ask button")
    return sg.wait_for("an answer", lambda: (lambda t: t if t and t != "asking" else None)(browser.text("#answer")))


def the_link(browser, program):
    base = f"http://127.0.0.1:{program.port}/"
    browser.open(base)
    says(browser, "looking only")
    require(not severe(browser), "no error")
    said = ask_for_power(browser, "t0")
    check("operator" in said and "token" in said, f"who may only look is told what is missing: {said[:60]}")
    severe(browser)  # the browser's own line about that 401
    link = re.search(r"open this once: (http://\S+)", program.said).group(1)
    browser.open(link)
    says(browser, "console: operator")
    check("code" not in browser.run("return location.href"), "the code has left the address bar")
    check("granted" in ask_for_power(browser, "t1"), "the page of the link operates the site")
    browser.open(base)
    says(browser, "console: operator")
    check(browser.run("return document.cookie") == "", "scripts cannot read the cookie")
    require(not severe(browser), "no error")
    browser.click(".login button")
    says(browser, "looking only")


def a_token(browser, program, data):
    secret = token(data, "laptop", "admin")
    browser.click(".login button")
    sg.wait_for("the dialog", lambda: browser.run("return document.querySelector('dialog').open"))
    browser.type("#login-token", "sgt_wrong")
    browser.click("dialog [type=submit]")
    check("expected a token" in sg.wait_for("the refusal", lambda: browser.text("#login-answer")), "a wrong token is refused in words")
    severe(browser)
    browser.type("#login-token", secret)
    browser.click("dialog [type=submit]")
    says(browser, "laptop: admin")
    text = browser.run("return document.documentElement.outerHTML + JSON.stringify({...localStorage}) + location.href")
    check(secret not in text, "the page keeps no token")
    check(browser.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth"), "nothing is wider than the window")


def beyond_loopback(browser, folder, site):
    data = os.path.join(folder, "wide")
    os.mkdir(data)
    secret = token(data, "wall", "viewer")
    program = Program(site, data, "--listen", "0.0.0.0:0", "--insecure-http")
    program.ready(secret=secret)
    browser.open(f"http://127.0.0.1:{program.port}/")
    sg.wait_for("the dialog by itself", lambda: browser.run("return document.querySelector('dialog').open"))
    check(browser.text("#f-load") == "\u2013", "beyond loopback the page shows nothing before the login")
    severe(browser)
    browser.type("#login-token", secret)
    browser.click("dialog [type=submit]")
    says(browser, "wall: viewer")
    sg.wait_for("figures", lambda: browser.text("#f-load") not in (None, "", "\u2013"))
    check(True, "and everything after it")
    program.end()


def test(folder):
    driver, chromium = shutil.which("chromedriver"), shutil.which("chromium")
    if not driver or not chromium:
        raise sg.Skip("chromium and chromedriver are not both installed")
    site, data = sg.small_site(folder), os.path.join(folder, "data")
    for width, height in ((1280, 900), (390, 844)):
        program = Program(site, data, "--listen", "127.0.0.1:0", terminal=True)
        program.ready()
        browser = Browser(driver, chromium, os.path.join(folder, f"profile{width}"), width, height)
        try:
            if width == 1280:
                the_link(browser, program)
            else:
                browser.open(f"http://127.0.0.1:{program.port}/")
                says(browser, "looking only")
            a_token(browser, program, data)
            if os.environ.get("SYMGRID_SHOTS"):
                browser.screenshot(os.path.join(os.environ["SYMGRID_SHOTS"], f"login-{width}.png"))
            if width == 1280:
                beyond_loopback(browser, folder, site)
        finally:
            browser.close()
            program.end()
        require(sg.call("token", "remove", "laptop", "--data", data).returncode == 0, "removed")


if __name__ == "__main__":
    sys.exit(sg.main(test))
