"""The nginx of docs/examples in front of a real ``tessera run``: what people and programs see from outside."""

from __future__ import annotations

import os
import re
import shutil
import ssl
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from kill.processes import Running, api_key, free_port, instance, tessera, until

from tessera.web.shell import LARGEST_BODY

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "nginx.conf"
NAME = "crm.example.com"
PASSWORD = "correct horse battery"

pytestmark = [
    pytest.mark.skipif(
        not (shutil.which("nginx") and shutil.which("openssl")), reason="needs nginx and openssl on the path"
    ),
    pytest.mark.xdist_group("behind_tls"),
]

AROUND = """
daemon off;
master_process off;
pid {place}/nginx.pid;
error_log {place}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {place}/body;
    proxy_temp_path {place}/proxy;
    fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi;
    scgi_temp_path {place}/scgi;
    include {place}/site.conf;
}}
"""


@dataclass
class Outside:
    """The way in from the internet."""

    tls: int
    plain: int
    trust: ssl.SSLContext
    shop: Path
    log: Callable[[], str]
    key: str

    def client(self, address: str = "127.0.0.1") -> httpx.Client:
        """A browser at an address of its own."""
        way = httpx.HTTPTransport(local_address=address, verify=self.trust)
        return httpx.Client(transport=way, base_url=f"https://127.0.0.1:{self.tls}", headers={"Host": NAME}, timeout=30)


def certificate(place: Path) -> tuple[Path, Path]:
    """A self-signed certificate for the example's name."""
    chain, key = place / "fullchain.pem", place / "privkey.pem"
    names = f"subjectAltName=DNS:{NAME},IP:127.0.0.1"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    command += ["-addext", names, "-keyout", str(key), "-out", str(chain)]
    subprocess.run(command, check=True, capture_output=True)
    return chain, key


def site(place: Path, port: int, plain: int, tls: int) -> str:
    """The example with ports and paths of this test, and nothing else changed."""
    chain, key = certificate(place)
    text = EXAMPLE.read_text()
    for old, new in {
        "server 127.0.0.1:8000;": f"server 127.0.0.1:{port};",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl": f"listen 127.0.0.1:{tls} ssl",
        f"/etc/letsencrypt/live/{NAME}/fullchain.pem": str(chain),
        f"/etc/letsencrypt/live/{NAME}/privkey.pem": str(key),
    }.items():
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    with instance() as shop:
        tessera(shop, "staff", "add", "owner", "--name", "Lin Wei", "--role", "owner", TESSERA_PASSWORD=PASSWORD)
        (shop / "tessera.toml").write_text(f'[web]\npublic_url = "https://{NAME}"\ntrusted_proxies = ["127.0.0.1"]\n')
        served = Running(shop, api_key(shop))
        place = Path(tempfile.mkdtemp(prefix="tessera-nginx-"))
        plain, tls = free_port(), free_port()
        (place / "site.conf").write_text(site(place, served.port, plain, tls))
        (place / "nginx.conf").write_text(AROUND.format(place=place))
        command = ["nginx", "-p", str(place), "-c", str(place / "nginx.conf"), "-e", str(place / "error.log")]
        front = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        trust = ssl.create_default_context(cafile=place / "fullchain.pem")
        door = Outside(tls, plain, trust, shop, served.log.read_text, served.key)
        try:
            until(lambda: answers(door), "nginx answers")
            yield door
        finally:
            front.terminate()
            front.wait(20)
            served.stop()
            shutil.rmtree(place)


def answers(door: Outside) -> bool:
    try:
        with door.client() as browser:
            return browser.get("/health").status_code == 200
    except httpx.TransportError:
        return False


def attempt(browser: httpx.Client, password: str) -> httpx.Response:
    """Fill in the sign-in form and send it."""
    page = browser.get("/sign-in")
    token = re.search(r'name="_csrf" value="([^"]+)"', page.text)
    assert token is not None
    return browser.post("/sign-in", data={"_csrf": token[1], "login": "owner", "password": password, "next": "/"})


def test_a_page_comes_over_tls_with_the_headers_that_keep_it_there(outside):
    with outside.client() as browser:
        page = browser.get("/sign-in")
    assert page.status_code == 200
    assert page.headers["strict-transport-security"].startswith("max-age=")
    assert "script-src 'self'" in page.headers["content-security-policy"]


def test_plain_http_is_sent_to_https(outside):
    answer = httpx.get(f"http://127.0.0.1:{outside.plain}/members?q=1", headers={"Host": NAME})
    assert (answer.status_code, answer.headers["location"]) == (301, f"https://{NAME}/members?q=1")


def test_every_cookie_is_for_tls_only(outside):
    with outside.client() as browser:
        first = browser.get("/sign-in").headers.get_list("set-cookie")
        signed_in = attempt(browser, PASSWORD)
        cookies = first + signed_in.headers.get_list("set-cookie")
    assert signed_in.status_code == 303
    assert any(c.startswith("tessera_session=") for c in cookies)
    assert [c for c in cookies if not {"Secure", "HttpOnly"} <= {part.strip() for part in c.split(";")}] == []


def test_an_address_that_guesses_is_held_back_and_its_neighbour_is_not(outside):
    with outside.client("127.0.0.2") as guesser, outside.client("127.0.0.3") as neighbour:
        guesser.headers["X-Forwarded-For"] = "203.0.113.9"
        said = [attempt(guesser, "wrong guess").status_code for _ in range(7)]
        guesser.headers["X-Forwarded-For"] = "203.0.113.10"
        again = attempt(guesser, "wrong guess").status_code
        right = attempt(neighbour, PASSWORD).status_code
    assert 429 in said
    assert (again, right) == (429, 303)


def test_health_and_the_api_answer_from_outside(outside):
    with outside.client() as program:
        assert program.get("/health").json()["status"] == "ok"
        nobody = program.get("/api/v1/members")
        known = program.get("/api/v1/members", headers={"Authorization": f"Bearer {outside.key}"})
    assert (nobody.status_code, nobody.headers["content-type"]) == (401, "application/problem+json")
    assert (known.status_code, known.json()) == (200, {"items": [], "next": None})


def test_a_refusal_has_one_id_in_the_answer_and_in_the_log(outside):
    with outside.client() as browser:
        id_ = browser.get("/nowhere").headers["x-request-id"]
    until(lambda: id_ in outside.log(), "the request is in the log")


@pytest.mark.parametrize(("more", "refused"), [(0, False), (1, True)])
def test_nginx_and_tessera_agree_about_the_largest_body(outside, more, refused):
    body = os.urandom(1) * (LARGEST_BODY + more)
    with outside.client() as program:
        answer = program.post("/api/v1/purchases", content=body, headers={"Authorization": f"Bearer {outside.key}"})
    assert (answer.status_code == 413) is refused
