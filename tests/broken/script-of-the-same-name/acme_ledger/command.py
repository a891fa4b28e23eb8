def main():
    print("0 entries")
