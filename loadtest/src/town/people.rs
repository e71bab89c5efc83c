//! The people of the demo: names, homes and vehicles.

use serde::Serialize;

/// One person of `people.json`. What a role does not have is left out.
#[derive(Serialize, Default)]
pub struct Person {
    pub username: String,
    pub role: &'static str,
    pub first_name: &'static str,
    pub last_name: &'static str,
    pub first_name_ar: &'static str,
    pub last_name_ar: &'static str,
    pub email: String,
    pub phone_number: String,
    pub language: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lng: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wallet: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vehicle: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_duty: Option<bool>,
}

/// All of them, still without a position: customers get a home and crews a first position afterwards.
pub fn all() -> Vec<Person> {
    let counts = [("customer", 20), ("seller", 5), ("crew", 20), ("staff", 1), ("admin", 1), ("superadmin", 1)];
    let roles = counts.into_iter().flat_map(|(role, count)| (1..=count).map(move |n| (role, n)));
    roles
        .zip(NAMES)
        .enumerate()
        .map(|(index, ((role, n), (first_name, last_name, first_name_ar, last_name_ar)))| {
            let username = format!("{role}{n}");
            let is_customer = role == "customer";
            let is_crew = role == "crew";
            Person {
                email: format!("{username}@example.com"),
                phone_number: format!("+120255501{index:02}"),
                language: if is_customer && n % 4 == 0 { "ar" } else { "en" },
                wallet: is_customer.then_some("500.00"),
                vehicle: is_crew.then(|| ["motorbike", "bicycle", "motorbike", "car", "foot"][n % 5]),
                on_duty: is_crew.then_some(true),
                username,
                role,
                first_name,
                last_name,
                first_name_ar,
                last_name_ar,
                ..Person::default()
            }
        })
        .collect()
}

#[rustfmt::skip]
const NAMES: [(&str, &str, &str, &str); 48] = [
    ("Layla", "Haddad", "ليلى", "حداد"), ("Omar", "Nasser", "عمر", "ناصر"), ("Anna", "Berg", "آنا", "بيرغ"), ("Yusuf", "Karam", "يوسف", "كرم"),
    ("Mariam", "Saleh", "مريم", "صالح"), ("Daniel", "Okafor", "دانيال", "أوكافور"), ("Huda", "Mansour", "هدى", "منصور"), ("Ibrahim", "Fares", "إبراهيم", "فارس"),
    ("Elena", "Rossi", "إيلينا", "روسي"), ("Khaled", "Awad", "خالد", "عوض"), ("Salma", "Rahal", "سلمى", "رحال"), ("Noor", "Shaheen", "نور", "شاهين"),
    ("Peter", "Novak", "بيتر", "نوفاك"), ("Rania", "Khalil", "رانيا", "خليل"), ("Tariq", "Aziz", "طارق", "عزيز"), ("Dina", "Farouk", "دينا", "فاروق"),
    ("Amir", "Hosni", "أمير", "حسني"), ("Sofia", "Marin", "صوفيا", "مارين"), ("Zainab", "Qasim", "زينب", "قاسم"), ("Hassan", "Taha", "حسن", "طه"),
    ("Nadia", "Sabbagh", "نادية", "صباغ"), ("George", "Khoury", "جورج", "خوري"), ("Fatima", "Amin", "فاطمة", "أمين"), ("Marco", "Silva", "ماركو", "سيلفا"),
    ("Samir", "Darwish", "سمير", "درويش"),
    ("Ali", "Hamdan", "علي", "حمدان"), ("Ben", "Carter", "بن", "كارتر"), ("Mona", "Zaki", "منى", "زكي"), ("Karim", "Bishara", "كريم", "بشارة"),
    ("Jana", "Tesfaye", "جنى", "تسفاي"), ("Mahmoud", "Eid", "محمود", "عيد"), ("Lina", "Habib", "لينا", "حبيب"), ("Adam", "Jaber", "آدم", "جابر"),
    ("Rashid", "Malik", "راشد", "مالك"), ("Tomas", "Lindqvist", "توماس", "ليندكفيست"), ("Yara", "Sayegh", "يارا", "صايغ"), ("Bilal", "Othman", "بلال", "عثمان"),
    ("Hana", "Yamada", "هانا", "يامادا"), ("Walid", "Gamal", "وليد", "جمال"), ("Nina", "Petrova", "نينا", "بتروفا"), ("Sami", "Fahmy", "سامي", "فهمي"),
    ("Joseph", "Mensah", "جوزيف", "منساه"), ("Reem", "Barakat", "ريم", "بركات"), ("Idris", "Salim", "إدريس", "سليم"), ("Maya", "Chahine", "مايا", "شاهين"),
    ("Sara", "Aldin", "سارة", "الدين"), ("Nabil", "Sharif", "نبيل", "شريف"), ("Hanan", "Murad", "حنان", "مراد"),
];
