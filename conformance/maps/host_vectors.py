#!/usr/bin/env python3
"""The vectors of hosts, in the form of record_maps.py.

usage: host_vectors.py dns|files VECTORS.jsonl.gz... > FILE

dns: of configurations that look hosts up in DNS; files: of the others. CONFIGS/NAME/config.json is
found beside the vectors' folder.
"""
import gzip, json, os, sys


def main():
    wanted, seen = sys.argv[1] == 'dns', {}
    for path in sorted(sys.argv[2:]):
        name = os.path.basename(path).removesuffix('.jsonl.gz')
        config = os.path.join(os.path.dirname(path), '..', 'configs', name, 'config.json')
        with open(config, encoding='utf-8') as file:
            if json.load(file)['dns'] != wanted:
                continue
        with gzip.open(path, 'rt', encoding='utf-8') as file:
            for line in file:
                vector = json.loads(line)
                # A usage line is about no host; 8-bit characters the test mode shows in its own way.
                if vector['kind'] in ('canon', 'mx') and vector['input'].isascii():
                    if not vector['output'][0].startswith('Usage') and vector['cmd'].isascii():
                        seen[vector['cmd'].rstrip()] = vector['output']
    for command, output in sorted(seen.items()):
        if '\x81' in ''.join(output):
            continue
        print('>', command)
        for line in output:
            print(line)


if __name__ == '__main__':
    main()
