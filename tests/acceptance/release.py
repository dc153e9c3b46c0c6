#!/usr/bin/env python3
"""A release as somebody gets it: checksums, signature, the YAML, the recipe applied to an ISO's tree, and the list of what is inside.

usage: release.py PROGRAMS RELEASE ASSETS SCRATCH PUBLIC     (ASSETS: the folder obj of the build; PUBLIC: the key that signed it, in PEM; needs python3-yaml)
"""
import copy
import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import sys

import yaml

PROGRAMS, RELEASE, ASSETS, SCRATCH, PUBLIC = (pathlib.Path(argument).absolute() for argument in sys.argv[1:6])
REPOSITORY = pathlib.Path(__file__).absolute().parent.parent.parent
STEPS = {"iso_delete", "iso_add", "iso_patch_and_script", "build_into_srm"}
failures = []


def check(what, holds, detail=""):
    print(("ok      " if holds else "FAILED  ") + what)
    if not holds:
        failures.append(what)
        print("        " + str(detail)[-1500:])


def checksums():
    listed = {line.split("  ", 1)[1] for line in (RELEASE / "SHA256SUMS").read_text().splitlines()}
    there = {str(path.relative_to(RELEASE)) for path in RELEASE.rglob("*") if path.is_file()} - {"SHA256SUMS", "SHA256SUMS.sig"}
    check(f"SHA256SUMS lists each of the {len(there)} files", listed == there and len(there) >= 6, listed ^ there)
    check("and they are what it says", verified(RELEASE))
    harmed = SCRATCH / "harmed"
    shutil.copytree(RELEASE, harmed)
    image = bytearray((harmed / "asl.srm").read_bytes())
    image[len(image) // 2] ^= 1
    (harmed / "asl.srm").write_bytes(image)
    check("one flipped bit of the image is found", not verified(harmed))


def verified(folder):
    return subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder, capture_output=True).returncode == 0


def checked(folder, key=PUBLIC):
    done = subprocess.run([REPOSITORY / "overlay/check-release", folder, "--key", key], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def signature():
    """Whatever is done to a release, without the key nobody makes one that passes."""
    whole, said = checked(RELEASE)
    check("the release is signed by its maker's key", whole == 0 and "is whole and signed by" in said, said)
    other, public = SCRATCH / "other", SCRATCH / "other.pub"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", other], check=True)
    subprocess.run(["openssl", "pkey", "-in", other, "-pubout", "-out", public], check=True)
    check("by another key it is not", checked(RELEASE, public)[0] == 1)
    check("a private key is no public one", "no Ed25519 public key" in checked(RELEASE, other)[1])
    for what, harm, reason in (
            ("a flipped bit of any file", flipped, "files are not what was signed"),
            ("a changed file with its new sum", resummed, "the signature does not fit"),
            ("that, signed by somebody else", lambda folder: signed(resummed(folder), other), "the signature does not fit"),
            ("a file more", lambda folder: (folder / "libasl/more").write_text("x"), "files that nobody signed"),
            ("a file less", lambda folder: (folder / "systemrescue.md").unlink(), "systemrescue.md"),
            ("a link", lambda folder: (folder / "more").symlink_to("asl.srm"), "files that nobody signed"),
            ("no signature", lambda folder: (folder / "SHA256SUMS.sig").unlink(), "is not signed"),
            ("no sums", lambda folder: (folder / "SHA256SUMS").unlink(), "has no SHA256SUMS")):
        missed = []
        for target in sorted(path for path in RELEASE.rglob("*") if path.is_file()) if harm is flipped else [None]:
            folder = SCRATCH / "signed"
            shutil.copytree(RELEASE, folder)
            harm(folder / target.relative_to(RELEASE) if target else folder)
            code, said = checked(folder)
            if code != 1 or not (reason in said or harm is flipped):
                missed.append((target, code, said))
            shutil.rmtree(folder)
        check(f"{what} is found", not missed, missed)
    loose = SCRATCH / "loose"
    loose.write_bytes(other.read_bytes())
    loose.chmod(0o644)
    refused = subprocess.run([REPOSITORY / "overlay/release", SCRATCH / "unsigned", "--sign", loose], capture_output=True, text=True)
    check("a key that others may read signs nothing, and nothing is built", refused.returncode == 1 and "others may read" in refused.stderr and not (SCRATCH / "unsigned").exists(), refused)


def flipped(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def resummed(folder):
    flipped(folder / "asl.srm")
    shutil.copyfile(folder / "asl.srm", folder / "recipe/iso_add/sysresccd/asl.srm")
    digest = hashlib.sha256((folder / "asl.srm").read_bytes()).hexdigest()
    sums = (folder / "SHA256SUMS").read_text()
    (folder / "SHA256SUMS").write_text(re.sub(r"^[0-9a-f]{64}(?=  .*asl\.srm$)", digest, sums, flags=re.M))
    return folder


def signed(folder, key):
    subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", folder / "SHA256SUMS", "-out", folder / "SHA256SUMS.sig"], check=True)


def merged(folder):
    """As SystemRescue does it: in the order of the names, later ones win, scopes that it does not know are kept."""
    result = {}
    for path in sorted((folder / "sysrescue.d").glob("*.yaml")):
        for scope, entries in (yaml.safe_load(path.read_text()) or {}).items():
            result.setdefault(scope, {}).update(entries)
    return result


def configuration(name, effective):
    root = SCRATCH / name
    (root / "etc/sysrescue").mkdir(parents=True)
    (root / "etc/sysrescue/sysrescue-effective-config.json").write_text(json.dumps(effective))
    return subprocess.run([PROGRAMS / "asl-admin", "config", "--root", root], capture_output=True, text=True)


def medium():
    text = (RELEASE / "sysrescue.d/300-asl.yaml").read_text()
    shipped = yaml.safe_load(text)
    check("the YAML loads the module and has a scope for us", shipped["global"] == {"loadsrm": True} and isinstance(shipped["asl"], dict), shipped)
    said = configuration("shipped", shipped)
    check("our programs take it", said.returncode == 0 and "sysrescue-effective-config.json" in said.stdout, said)
    examples = yaml.safe_load(re.sub(r"^    # (?=\s*[a-z-]+:)", "    ", text, flags=re.M))
    check("the examples in it are YAML too, with sources, a pool and an endpoint",
          {"mode", "intake", "local", "remote"} <= set(examples["asl"]), examples)
    said = configuration("examples", examples)
    check("and our programs take each of them", said.returncode == 0 and "rescuepool/asl" in said.stdout, said)
    examples["asl"]["local"]["poool"] = "x"
    check("a slip in it is found", configuration("slip", examples).returncode == 4)


def recipe():
    steps = {path.name for path in (RELEASE / "recipe").iterdir()}
    check("the recipe has only steps that sysrescue-customize knows", steps and steps <= STEPS, steps)
    iso = SCRATCH / "iso"
    (iso / "sysresccd/x86_64").mkdir(parents=True)
    (iso / "sysresccd/x86_64/airootfs.sfs").write_bytes(b"the base")
    (iso / "sysrescue.d").mkdir()
    (iso / "sysrescue.d/100-defaults.yaml").write_text("---\nglobal:\n    copytoram: false\n    loadsrm: false\n")
    before = {path.relative_to(iso) for path in iso.rglob("*") if path.is_file()}
    subprocess.run(["rsync", "--archive", f"{RELEASE}/recipe/iso_add/", iso], check=True)
    after = {path.relative_to(iso) for path in iso.rglob("*") if path.is_file()}
    check("it adds two files and replaces none", {str(path) for path in after - before} == {"sysresccd/asl.srm", "sysrescue.d/300-asl.yaml"}, after - before)
    check("the module lies where SystemRescue looks, and is the one of the checksums",
          (iso / "sysresccd/asl.srm").read_bytes() == (RELEASE / "asl.srm").read_bytes())
    effective = merged(iso)
    check("merged with the defaults, modules are loaded", effective["global"] == {"copytoram": False, "loadsrm": True} and "asl" in effective, effective)
    listing = subprocess.run(["unsquashfs", "-lls", iso / "sysresccd/asl.srm"], capture_output=True, text=True).stdout
    check("the module has the program, the library, the units and the first screen", all(
        re.search(rf"{mode} root/root .*squashfs-root{path}$", listing, re.M) for mode, path in (
            ("-rwxr-xr-x", "/usr/local/bin/asl-intake"), ("-rw-r--r--", "/usr/local/lib/libasl.so"), ("-rw-r--r--", "/etc/systemd/system/asl-intake.service"),
            ("-rw-r--r--", "/etc/profile.d/asl.sh"), ("drwxr-xr-x", "/etc"))), listing)


def sbom_problems(sbom, assets):
    """What SPDX 2.3 demands of each part that we use, and what the build resolved that the list does not have."""
    found = []
    for key in ("spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace", "creationInfo"):
        if not sbom.get(key):
            found.append(f"no {key}")
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", sbom["creationInfo"]["created"]):
        found.append("created is no time")
    ids = [package["SPDXID"] for package in sbom["packages"]]
    if len(set(ids)) != len(ids) or not all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", name) for name in ids):
        found.append("identifiers are not unique, or not of their form")
    for package in sbom["packages"]:
        for key in ("name", "versionInfo", "downloadLocation", "copyrightText"):
            if not package.get(key):
                found.append(f"{package['SPDXID']} has no {key}")
        if not re.fullmatch(r"[A-Za-z0-9.-]+( (OR|AND|WITH) [A-Za-z0-9.-]+)*", package["licenseDeclared"]) or package["licenseDeclared"] == "NOASSERTION":
            found.append(f"{package['SPDXID']} has no licence")
    described = {end for link in sbom["relationships"] for end in (link["spdxElementId"], link["relatedSpdxElement"])}
    found += [f"{name} is referred to and not there" for name in described - set(ids) - {"SPDXRef-DOCUMENT"}]
    found += [f"{name} has no relationship" for name in set(ids) - described]
    for file, resolved in assets.items():
        found += missing_of(sbom, file, resolved)
    return found


def missing_of(sbom, file, assets):
    """What one of the compiled files is made from, and the list does not say of it."""
    own = next((package["SPDXID"] for package in sbom["packages"] if package["name"] == file), None)
    if not any(link["relationshipType"] == "CONTAINS" and link["relatedSpdxElement"] == own for link in sbom["relationships"]):
        return [f"{file} is missing"]
    ends = {end for link in sbom["relationships"] for end in (link["spdxElementId"], link["relatedSpdxElement"]) if own in (link["spdxElementId"], link["relatedSpdxElement"])}
    listed = {(package["name"], package["versionInfo"]) for package in sbom["packages"] if package["SPDXID"] in ends}
    wanted = {tuple(identity.split("/")) for identity, library in assets["libraries"].items() if library["type"] == "package"}
    wanted |= {(item["name"], item["version"].strip("[]").split(",")[0]) for framework in assets["project"]["frameworks"].values()
               for item in framework["downloadDependencies"] if "NativeAOT" in item["name"]}
    found = [f"{name} {version} of {file} is missing" for name, version in sorted(wanted - listed)]
    return found if any(name == "libzstd" for name, _ in listed) else [*found, f"libzstd of {file} is missing"]


def bill_of_materials():
    sbom = json.loads((RELEASE / "asl.spdx.json").read_text())
    assets = {file: json.loads((ASSETS / project / "project.assets.json").read_text()) for file, project in (("asl-intake", "AslRescue.Tools"), ("libasl.so", "AslRescue.LibAsl"))}
    found = sbom_problems(sbom, assets)
    check(f"the list of {len(sbom['packages'])} packages has all that the build resolved, each with version and licence", not found, found)
    ours = next(package for package in sbom["packages"] if package["SPDXID"] == "SPDXRef-asl")
    check("it is about this image", ours["checksums"][0]["checksumValue"] in (RELEASE / "SHA256SUMS").read_text())
    tree = SCRATCH / "tree"
    subprocess.run(["unsquashfs", "-quiet", "-no-progress", "-dest", tree, RELEASE / "asl.srm"], check=True, capture_output=True)
    for file, path in (("asl-intake", "usr/local/bin/asl-intake"), ("libasl.so", "usr/local/lib/libasl.so")):
        (package,) = [package for package in sbom["packages"] if package["name"] == file]
        check(f"and about the {file} in it", package["checksums"][0]["checksumValue"] == hashlib.sha256((tree / path).read_bytes()).hexdigest(), package)
    props = dict(re.findall(r'PackageVersion Include="([^"]+)" Version="([^"]+)"', (REPOSITORY / "Directory.Packages.props").read_text()))
    shared = [package for package in sbom["packages"] if package["name"] in props]
    check(f"versions are those of Directory.Packages.props ({len(shared)} packages)",
          len(shared) >= 10 and all(props[package["name"]] == package["versionInfo"] for package in shared), shared)
    tools = {link["spdxElementId"] for link in sbom["relationships"] if link["relationshipType"] == "BUILD_TOOL_OF"}
    check("only the compiler is a tool, all else is in the program or the library", len(tools) == 3 and all("ILCompiler" in tool or "ILLink" in tool for tool in tools), tools)
    header = pathlib.Path("/usr/include/zstd.h").read_text()
    version = ".".join(re.search(rf"#define ZSTD_VERSION_{part} +(\d+)", header).group(1) for part in ("MAJOR", "MINOR", "RELEASE"))
    zstd = next(package for package in sbom["packages"] if package["name"] == "libzstd")
    archive = pathlib.Path("/usr/lib/x86_64-linux-gnu/libzstd.a").read_bytes()
    check(f"libzstd is the archive that is linked: {version}", zstd["versionInfo"].startswith(version) and version.encode() in archive
          and zstd["checksums"][0]["checksumValue"] == hashlib.sha256(archive).hexdigest(), zstd)
    for what, harm in (("a package that is left out", lambda it: it["packages"].pop(3)),
                       ("another version", lambda it: it["packages"][3].update(versionInfo="0.0.1")),
                       ("a licence that nobody looked up", lambda it: it["packages"][3].update(licenseDeclared="NOASSERTION")),
                       ("a package that nothing leads to", lambda it: unlink(it, it["packages"][3]["SPDXID"])),
                       ("a package that the library has and is not said of it", lambda it: it["relationships"].pop()),
                       ("a library that nobody mentions", lambda it: unlink(it, "SPDXRef-file-libasl.so")),
                       ("two of one name", lambda it: it["packages"].append(it["packages"][3]))):
        harmed = copy.deepcopy(sbom)
        harm(harmed)
        check(f"{what} would be found", sbom_problems(harmed, assets))


def unlink(sbom, name):
    sbom["relationships"] = [link for link in sbom["relationships"] if name not in (link["spdxElementId"], link["relatedSpdxElement"])]


def developers():
    """Who gets the release alone can write a program against what is in the image."""
    there = {path.name for path in (RELEASE / "libasl").iterdir()}
    check("header, guide and examples are there", there == {"asl.h", "libasl.md", "browse.c", "asl_store.py"}, there)
    library = SCRATCH / "tree/usr/local/lib"
    done = subprocess.run(["gcc", "-Wall", "-Werror", "-o", SCRATCH / "browse", RELEASE / "libasl/browse.c", "-I", RELEASE / "libasl", "-L", library, "-lasl", f"-Wl,-rpath,{library}"],
                          capture_output=True, text=True)
    ran = subprocess.run([SCRATCH / "browse", "/nowhere"], capture_output=True, text=True) if done.returncode == 0 else done
    check("the example compiles against them and speaks with the library of the image", ran.returncode == 6 and "ASL2001" in ran.stderr, ran)


def main():
    shutil.rmtree(SCRATCH, ignore_errors=True)
    SCRATCH.mkdir(parents=True)
    for part in (checksums, signature, medium, recipe, bill_of_materials, developers):
        print(f"-- {part.__name__}")
        part()
    print("release: " + ("passed" if not failures else f"{len(failures)} FAILED: {', '.join(failures)}"))
    return 1 if failures else 0


sys.exit(main())
